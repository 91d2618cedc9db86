"""The schema that comes with every DataContractSerializer: elements for plain values, and types that XML lacks."""

from lxml.etree import _Element

from order_receiver.contract.soap_form import xsd

_VALUES = [
    *("anyType", "anyURI", "base64Binary", "boolean", "byte", "dateTime", "decimal", "double", "float"),
    *("int", "long", "QName", "short", "string", "unsignedByte", "unsignedInt", "unsignedLong", "unsignedShort"),
]

_TYPES = {
    "char": ("xs:int", {}),
    "duration": (
        "xs:duration",
        {
            "pattern": r"\-?P(\d*D)?(T(\d*H)?(\d*M)?(\d*(\.\d*)?S)?)?",
            "minInclusive": "-P10675199DT2H48M5.4775808S",
            "maxInclusive": "P10675199DT2H48M5.4775807S",
        },
    ),
    "guid": ("xs:string", {"pattern": r"[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}"}),
}

_ATTRIBUTES = {"FactoryType": "xs:QName", "Id": "xs:ID", "Ref": "xs:IDREF"}


def serialization() -> _Element:
    """The schema, the same for every service; of its types only `guid` is used by ours."""
    schema = xsd.schema(xsd.SERIALIZATION, attributeFormDefault="qualified")
    for name in _VALUES:
        xsd.add_root(schema, name, f"xs:{name}")
    for name, (base, facets) in _TYPES.items():
        xsd.add_root(schema, name, xsd.prefixed(xsd.SERIALIZATION, name))
        restriction = xsd.add(xsd.add(schema, "simpleType", name=name), "restriction", base=base)
        for facet, value in facets.items():
            xsd.add(restriction, facet, value=value)
    for name, base in _ATTRIBUTES.items():
        xsd.add(schema, "attribute", name=name, type=base)
    return schema
