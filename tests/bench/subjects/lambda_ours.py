"""The built artifact (unpacked; its folder is LAMPLIGHTER_ARTIFACT), and nothing else to import."""

import os
import sys

from lambda_common import drive


def load():
    sys.path.insert(0, os.environ["LAMPLIGHTER_ARTIFACT"])
    from handlers.webhook import handler

    return handler


drive(load)
