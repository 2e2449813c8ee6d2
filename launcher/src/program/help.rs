//! The longer words of `--help`.
//!
//! Owns text and nothing else; a test sees that no key is left out.

pub(super) const LAUNCH_HELP: &str = r#"A launch description is a JSON object (what stands right of the values is no part of it):
  {
    "script": "cube.blend.py",      the scene script every instance runs (needed)
    "scene": "room.blend",          the file to open; none: Blender's own scene
    "num_instances": 2,             how many Blenders; 1
    "named_sockets": ["DATA"],      sockets each instance binds; none
    "background": true,             without a window, as without a display; false (the managed
                                    Blender never has one)
    "seed": 10,                     instance i gets seed + i; random
    "instance_args": [["--a"], []], more arguments, one list an instance; none
    "start_port": 11000,            port = start_port + socket index * num_instances + instance
    "bind_addr": "127.0.0.1",       or "primaryip": the address of the default route
    "proto": "tcp",                 or "ipc": Unix sockets in a private folder
    "blender": "bpy",               which Blender: see below
    "env": {"NAME": "value"},       variables set for every instance; none
    "log_dir": "logs",              folder of instance-<i>.log, one an instance; none
    "blend_path": null,             the original's name of "blender"
    "$schema": "launch.schema.json" for editors: `blendtorch schema` writes that file
  }
Paths count from the folder of the file, then from the working folder.

Which Blender runs: the key blender, else the variable BLENDTORCH_BLENDER, else the managed Blender
of `blendtorch setup`, else `blender` on PATH. Key and variable take "bpy" for the managed one, a
Blender program or its name on PATH, its folder, or an environment with bpy. `blendtorch doctor`
says what is found.

Ends: Ctrl-C or SIGTERM ends every instance (a second one at once), exit code 130 or 143.
An instance that fails does not stop the others; the exit code is then 1. However the launcher
ends, kill -9 included, no instance stays.

Examples:
  blendtorch setup                             once, to have a Blender
  blendtorch-launch launch.json                start; addresses go to launch_info.json
  blendtorch-launch --out-launch-info /tmp/info.json --log-dir logs launch.json
  BLENDTORCH_BLENDER=/opt/blender-4.5 blendtorch-launch launch.json"#;
