"""A worker as its head has it: called over the control channel, writing files, asked to stop."""

import zlib
from pathlib import Path
from typing import Any

from support.control import Launcher
from support.runtimes import Runtime

SCENE = """
bpy.ops.wm.read_factory_settings()
scene = bpy.context.scene
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
scene.render.resolution_x, scene.render.resolution_y = 32, 24
scene.frame_end = 400
text = bpy.data.texts.new("register.py")
text.use_module = True
text.write("open({ran!r}, 'w').close()")
bpy.ops.wm.save_as_mainfile(filepath={path!r})
"""

MAIN = """
from blendtorch.btb.worker.main import main
main()
"""

FILES = [
    {"pass": "frames", "format": "png", "bits": 8, "color": "RGB"},
    {"pass": "depths", "format": "exr", "bits": 32, "codec": "ZIP"},
]


def test_a_worker_writes_until_it_is_asked_to_stop(runtime: Runtime, tmp_path: Path) -> None:
    scene, folder, ran = str(tmp_path / "scene.blend"), tmp_path / "files", tmp_path / "ran"
    with Launcher(tmp_path) as launcher:

        def ok(verb: str, **arguments: Any) -> Any:
            answer = launcher.outcome(launcher.call("render", verb, arguments))["Ok"]
            assert "ok" in answer, answer
            return answer["ok"]

        def events(name: str) -> list[dict[str, Any]]:
            assert all(topic == "render" for topic, _ in launcher.said)
            return [value for _, value in launcher.said if value["event"] == name]

        code = SCENE.format(path=scene, ran=str(ran)) + MAIN
        command = runtime.script_command(tmp_path, code)
        # As a launcher starts every Blender.
        command.insert(len(runtime.words), "--enable-autoexec")
        launcher.start(command, runtime.environment())
        launcher.until("it serves", lambda: launcher.about["services"])
        assert launcher.about["services"] == {
            "render": ["open", "apply", "prepare", "table", "run", "flush", "close"]
        }
        about = ok("open", scene=scene)
        assert about["resolution"] == [24, 32] and about["camera"] == "Camera"
        refused = launcher.outcome(launcher.call("render", "open", {"scene": "none.blend"}))["Ok"]
        assert refused["error"]["type"] == "FileNotFoundError"
        assert not ran.exists()
        ok("open", scene=scene, autoexec=True, options={})
        assert ran.exists()
        passes: dict[str, Any] = {"frames": {}, "depths": {}, "composites": {}}
        spec = {"layout": "flat", "previews": False, "multilayer": False, "files": FILES}
        ok("prepare", passes=passes, spec=spec, folder=str(folder))
        assert ok("run", frames=[2]) == {"left": [], "unknown": {"objects": [], "materials": []}}
        assert [one["frame"] for one in events("began")] == [2]
        (written,) = events("written")
        files = written["files"] + written["about"]["files"]
        assert sorted(one["pass"] for one in files) == ["composites", "depths", "frames"]
        for one in files:
            content = (folder / one["file"]).read_bytes()
            assert len(content) == one["bytes"] and zlib.crc32(content) == one["crc"]
        assert len(list(folder.iterdir())) == 3

        launcher.said.clear()
        call = launcher.call("render", "run", {"frames": list(range(3, 400))})
        launcher.until("it is at work", lambda: events("written"))
        launcher.stop()
        left = launcher.outcome(call)["Ok"]["ok"]["left"]
        done = [one["frame"] for one in events("written")]
        assert left and done == list(range(3, left[0])), (done, left)
        assert [one["frame"] for one in events("began")] == done
        code_of_end, said = launcher.ends()
        assert code_of_end == 0, said
    assert not [line for line in said.splitlines() if "Traceback" in line], said
