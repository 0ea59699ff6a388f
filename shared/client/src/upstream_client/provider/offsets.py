"""Which records of one partition are done, and so from where another run must go on. Pure."""


class Offsets:
    """Records are taken in order and done in any. Everything before `next_offset` is done, nothing from `after_last` is taken."""

    def __init__(self, start: int) -> None:
        self.after_last = start
        self._open: set[int] = set()

    def taken(self, offset: int) -> None:
        """Work on a record begins. Offsets may have holes; they grow."""
        assert offset >= self.after_last, "records come in order"
        self._open.add(offset)
        self.after_last = offset + 1

    def done(self, offset: int) -> None:
        """Nothing needs to be done about the record any more."""
        self._open.remove(offset)

    @property
    def open(self) -> frozenset[int]:
        """What is being worked on."""
        return frozenset(self._open)

    @property
    def next_offset(self) -> int:
        """The first record that is not done."""
        return min(self._open, default=self.after_last)
