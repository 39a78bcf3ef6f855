"""`unittest.py` of the stories' project: unittest itself, which here loads what it seldom needs when it needs it.

`python3 -m unittest` finds this file first. Two thirds of its start go into what only failures, signals and other
options ask for, and a story starts it six times.
"""

import sys

_SELDOM = ("argparse", "difflib", "pprint", "signal", "traceback")


class _Later(type(sys)):
    """A module that is loaded when something of it is asked for."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules[self.__name__] is self:
            del sys.modules[self.__name__]
        vars(self).update(vars(__import__(self.__name__)))
        return vars(self)[name]


def _import_the_real_one():
    kept, here = sys.path[:], __file__.rpartition("/")[0]
    sys.path[:] = [path for path in kept if path not in {"", here}]
    sys.modules.pop("unittest", None)
    try:
        from unittest.main import TestProgram
    finally:
        sys.path[:] = kept
    return TestProgram


def _program():
    for name in _SELDOM:
        sys.modules.setdefault(name, _Later(name))

    class Program(_import_the_real_one()):
        def parseArgs(self, argv):
            """The options of the stories by hand, all others by the book."""
            arguments, patterns = argv[1:], []
            while arguments[:1] == ["-q"] or (arguments[:1] == ["-k"] and "*" in "".join(arguments[1:2])):
                if arguments.pop(0) == "-k":
                    patterns.append(arguments.pop(0))
            if arguments:
                super().parseArgs(argv)
                return
            self.verbosity = 0 if "-q" in argv else self.verbosity
            self.testNamePatterns = patterns or None
            self._do_discovery(None)

    return Program


if __name__ == "__main__":
    _program()(module=None)
else:
    _import_the_real_one()  # pytest, say, was started here
