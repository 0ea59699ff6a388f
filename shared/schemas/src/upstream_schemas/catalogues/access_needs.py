"""What people may need in order to take part. The codes are open; who needs what is personal and never stands here.

Source: the programme's contract for city systems (access needs of a submission, version 1).
"""

VERSION = 1
OTHER = "other"
ACCESS_NEEDS: tuple[str, ...] = ("interpretation", "asl", "captions", "step_free", OTHER)


def known(code: str) -> bool:
    """Whether people can choose this need by its code; any other need is told in words under `other`."""
    return code in ACCESS_NEEDS
