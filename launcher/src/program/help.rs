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
    "restart": "on-abnormal",       when an instance that ended is started again: see below
    "min_instances": 1,             the fleet ends when fewer are left that have not failed
    "max_memory": "4 GiB",          an instance with more starts anew after its episode; none
    "hang_after": 120,              seconds without progress, or ten of its slowest frames; 0: never
    "hosts": {"names": ["a", "b"]}, run on these hosts, which ssh reaches: docs/cluster.md; none
    "slurm": {"nodes": 2},          what --slurm asks for: docs/cluster.md; none
    "blend_path": null,             the original's name of "blender"
    "$schema": "launch.schema.json" for editors: `blendtorch schema` writes that file
  }
Paths count from the folder of the file, then from the working folder.

Which Blender runs: the key blender, else the variable BLENDTORCH_BLENDER, else the managed Blender
of `blendtorch setup`, else `blender` on PATH. Key and variable take "bpy" for the managed one, a
Blender program or its name on PATH, its folder, or an environment with bpy. `blendtorch doctor`
says what is found.

Restarts: "never"; "on-abnormal" after a signal, a hang, too much memory; "on-failure" also after
an error of the script; "always" also after an end in order. After 0.5 s, doubling to 30 s while
lives end before they deliver anything; after more than 5 such within 60 s the instance has failed.
It keeps number, addresses and arguments and goes on with its next episode.
`blendtorch status launch_info.json` says how all are.

Ends: Ctrl-C or SIGTERM ends every instance (a second one at once), exit code 130 or 143.
An instance that fails does not stop the others; the exit code is then 1. However the launcher
ends, kill -9 included, no instance stays.

Examples:
  blendtorch setup                             once, to have a Blender
  blendtorch-launch launch.json                start; addresses go to launch_info.json
  blendtorch-launch --out-launch-info /tmp/info.json --log-dir logs launch.json
  BLENDTORCH_BLENDER=/opt/blender-4.5 blendtorch-launch launch.json
  blendtorch-launch launch.json --slurm --nodes 4 --partition gpu --time 2:00:00"#;
