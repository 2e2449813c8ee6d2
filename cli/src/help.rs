//! The longer words of `--help`.
//!
//! Owns text and nothing else. Those of `blendtorch launch` are the launcher's.

pub(super) const SETUP_HELP: &str = r#"The managed Blender is the bpy wheel in a Python environment of its own, in the folder
$BLENDTORCH_CACHE, else $XDG_CACHE_HOME/blendtorch, else ~/.cache/blendtorch. A second run finds
it there and is done at once. Missing system libraries are named, and as root installed with apt.
--wheel also lays the wheel into the folder blender-packages beside it, where an installed
`blender` that the launcher starts finds it.

Examples:
  blendtorch setup                             the default version
  blendtorch setup --wheel target/wheels/fast/blendtorch-0.1.0-cp311-abi3-linux_x86_64.whl
  blendtorch setup --force                     make it anew
  blendtorch setup --video                     an ffmpeg, for `blendtorch sequence`"#;

pub(super) const DOCTOR_HELP: &str = r#"It starts the Blender that would run, once, and changes nothing. Exit code 0: everything needed is
there; 1: something is missing, and the line after "mend:" gets it.

Examples:
  blendtorch doctor
  blendtorch doctor --json | jq '.[] | select(.health != "ok")'
  BLENDTORCH_BLENDER=/opt/blender-4.5 blendtorch doctor"#;

pub(super) const COMPLETIONS_HELP: &str = r#"Both programs are completed, blendtorch and blendtorch-launch.

Examples:
  blendtorch completions bash > ~/.local/share/bash-completion/completions/blendtorch-launch
  blendtorch completions zsh  > ~/.zfunc/_blendtorch
  blendtorch completions fish > ~/.config/fish/completions/blendtorch.fish
  source <(blendtorch completions bash)      in this shell only"#;

pub(super) const HOST_HELP: &str = "\
Started by `blendtorch-launch` (keys \"hosts\" and \"slurm\"), seldom by hand. It finds its head by the
variables BLENDTORCH_HEAD and BLENDTORCH_HEAD_KEY, a file, or a line on stdin; a key is never taken
from the command line, which others on a machine can read. It starts the instances of its share,
watches them as at home, and ends them when the head is gone.
The first SIGTERM lets what is in work be finished, a second one ends at once.

Examples:
  blendtorch host                              as a job of Slurm runs it
  blendtorch host --join ~/head.json           by hand; the file has mode 0600";

pub(super) const STATUS_HELP: &str = "\
Columns: life (1, and one more after each restart), episode.sample, samples published in all lives,
samples a second of this life, the time of the latest frame, memory of its process. Which stages its
frames take: render, evaluate, publish; the rest is the script's own.
Exit code 1 where an instance has failed.

Examples:
  blendtorch status                       the only fleet of yours on this machine
  blendtorch status launch_info.json      the one that wrote this file
  blendtorch status 1234                  the one of this job of Slurm, from any of its machines
  blendtorch status --watch               again every second
  blendtorch status --json | jq .instances[].mode";

pub(super) const RENDER_HELP: &str = "\
Frames are dealt out as Blenders ask. Each file is written under another name, synced, renamed and
entered in FOLDER/ledger.sqlite with its checksum. Stopped or killed, the same command goes on with
what is missing; other settings in the same folder are refused, with what differs. A frame that ends
its Blender twice is set aside and named; the rest goes on. What is in the files: docs/passes.md.
transforms.json has the cameras, ids.json the names of the ids.
SIGTERM ends it after the frames in work. With --array there is no head: tasks beside each other take
their parts by what lies in FOLDER, and `blendtorch inspect FOLDER` makes the ledger.
Exit code 0: all frames are done; 1: some are not, or an error; 130: Ctrl-C; 143: SIGTERM.

Examples:
  blendtorch render room.blend -o renders/room
  blendtorch render room.blend -o renders/room --frames 1:250:2 --jobs 4 --samples 64 \\
      --passes frames,depths,normals,flows,segmentations --previews
  blendtorch render room.blend -o /data/room --passes all --format npy --resolution 640x480
  blendtorch render room.blend -o /shared/room --array 3/8          the third of eight tasks
  blendtorch render render.json                      all of it from a file (blendtorch schema render)
  blendtorch render network.json -o renders/net --video net.mp4
                                                     a network of neurons and what it did: its file, its
                                                     results, how they are shown (blendtorch schema network)
  blendtorch render net.hdf5 --results spikes.nio -o renders/net
                                                     the same without a file of one's own: it is written
                                                     to renders/net/network.json
  blendtorch render network.json --bake net.blend    with keys that any Blender plays: for render farms
                                                     that know no blendtorch
  blendtorch inspect renders/room --verify           is it whole, and what was written?";

pub(super) const SEQUENCE_HELP: &str = "\
Every frame comes once, in the order of the numbers. Which frames there should be says the folder's
ledger, where `blendtorch render` left one, else the numbers from the first to the last; one that is
missing is named, and nothing is made. How fast they are shown says the ledger too: as the scene.
depths, normals, flows and ids are shown as on contact sheets (render --previews), whose colours are
the same in all frames: docs/video.md. The video has its name when it is whole.
ffmpeg is BLENDTORCH_FFMPEG, else the one on PATH, else that of `blendtorch setup --video`.
Exit code 0: the video is there; 1: it could not be made; 130: Ctrl-C, and nothing is left of it.

Examples:
  blendtorch sequence renders/room room.mp4
  blendtorch sequence renders/room room.mp4 --grid frames,depths,normals,segmentations
  blendtorch sequence renders/room sheets.webm --passes previews
  blendtorch sequence my_file_imgs my_file.mp4 --fps 25       any folder of numbered pictures
  blendtorch sequence renders/room room.mkv                   what loses nothing";

pub(super) const INSPECT_HELP: &str = "\
Where there is no ledger, or tasks without a head have rendered (blendtorch render --array), it is made
of the files that are there.
Exit code 1 where files are missing, have failed, or are not what was written.

Examples:
  blendtorch inspect renders/room              how far is it?
  blendtorch inspect renders/room --verify     read all files and compare their checksums
  blendtorch inspect renders/room --rebuild    the ledger is damaged: make it of the files
  blendtorch inspect renders/room --json | jq .summary.whole";

pub(super) const SIMULATE_HELP: &str = "\
Everything is checked before anything runs: what is wrong is said at once, each with its file and key.
The engine equals NEST spike for spike at the same time step: iaf_psc_exp, iaf_psc_alpha,
iaf_psc_delta, izhikevich and glif_psc. Files have their names when they are whole. Of what lies in the
folder of the output, files of an earlier run are replaced or removed; others that have an output's
name are replaced only with overwrite_output_dir true. Ctrl-C ends it, and writes what was simulated.
--check reads everything, edges and spikes too, and runs nothing.
Exit code 0: it ran to its end; 1: it did not; 130: Ctrl-C; 143: SIGTERM.

Examples:
  blendtorch simulate config.json
  blendtorch simulate config.json --check               is all as it should be?
  blendtorch simulate config.json --plot                and a picture of spikes, rates and reports
  blendtorch simulate config.json --set run.tstop=500 -o output/short
  blendtorch simulate config.json --threads 8 --json | jq .populations
  blendtorch simulate config.json --publish launch_info.json    Blenders draw it while it runs";
