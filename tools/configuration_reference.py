"""Write docs/reference/configuration.md from the settings; run it after changing one."""

from pathlib import Path

from order_receiver.settings.reference import render

if __name__ == "__main__":
    page = Path(__file__).parent.parent / "docs" / "reference" / "configuration.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(), "utf-8")
    print(page)
