"""How simulated Norce says no."""


class Refusal(Exception):
    """Norce refuses a call: `status` is the HTTP status, `str()` says what is wrong and where."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.told = False
        """It stands in the story of the order it is about."""
