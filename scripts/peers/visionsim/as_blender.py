"""Runs a script in the bpy module with the command line that VisionSim gives to Blender.

    python as_blender.py -b --disable-autoexec --python-use-system-env --python FILE -- ARGS…

There is no `blender` program in the module's wheel, and nothing of blendtorch is used, so that
what is measured is VisionSim alone.
"""

import argparse
import runpy
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-b", "--background", action="store_true")
    parser.add_argument("--enable-autoexec", action="store_true")
    parser.add_argument("--disable-autoexec", action="store_true")
    parser.add_argument("--python-use-system-env", action="store_true")
    parser.add_argument("--python", required=True)
    arguments = sys.argv[1:]
    here = arguments.index("--") if "--" in arguments else len(arguments)
    opts = parser.parse_args(arguments[:here])
    import bpy

    bpy.context.preferences.filepaths.use_scripts_auto_execute = opts.enable_autoexec
    runpy.run_path(opts.python, run_name="__main__")


if __name__ == "__main__":
    main()
