"""Every public name of the original, with its arguments and defaults, and what Python says of ours.

A signature of ours may go on where the listed one ends, with arguments that have defaults: no call
that the original took is refused. `a|b` lists two names of one argument, of the contract and of the
original: both are taken, but by methods that Python calls. A name without a signature must only be
there.

To extend the table add a line: the name, and its signature as Python writes it. `test_surface.py`
checks it; this module is also loaded in Blender, and needs nothing but Python.
"""

import importlib
import inspect
from typing import Any

# ruff: noqa: E501 - a line of the table is a signature.

LAUNCHING = """
btt.BlenderLauncher (scene, script, num_instances=1, named_sockets=None, start_port=11000, bind_addr="127.0.0.1", instance_args=None, proto="tcp", blend_path=None, seed=None, background=False)
btt.BlenderLauncher.launch_info
btt.BlenderLauncher.assert_alive (self)
btt.BlenderLauncher.wait (self)
btt.BlenderLauncher.__enter__ (self)
btt.BlenderLauncher.__exit__ (self, *args)
btt.launcher.BlenderLauncher
btt.launcher.LaunchInfo
btt.launch_info.LaunchInfo (addresses, commands, processes=None)
btt.finder.discover_blender (additional_blender_paths=None)
btt.utils.get_primary_ip ()
btt.constants.DEFAULT_TIMEOUTMS
btb.constants.DEFAULT_TIMEOUTMS
btt.__version__
btb.__version__
btt.LaunchInfo (addresses, commands, processes=None)
btt.LaunchInfo.save_json (file, launch_info)
btt.LaunchInfo.load_json (file)
btb.parse_blendtorch_args (argv=None)
btb.arguments.parse_blendtorch_args (argv=None)
"""

STREAMING = """
btb.DataPublisher (bind_address, btid=None, send_hwm=10, lingerms=0)
btb.DataPublisher.publish (self, **kwargs)
btb.DataPublisher.close (self)
btb.publisher.DataPublisher
btt.RemoteIterableDataset (addresses, queue_size=10, timeoutms=10000, max_items=100000, item_transform=None, record_path_prefix=None)
btt.RemoteIterableDataset.stream_length (self, n|max_items)
btt.RemoteIterableDataset.enable_recording (self, prefix|fname)
btt.RemoteIterableDataset._item (self, item)
btt.RemoteIterableDataset.__iter__ (self)
btt.dataset.RemoteIterableDataset
btt.dataset.SingleFileDataset
btt.dataset.FileDataset
"""

RECORDING = """
btt.FileRecorder (outpath="blendtorch.mpkl", max_messages=100000, update_header=10000)
btt.FileRecorder.save (self, data|item, is_pickled=False)
btt.FileRecorder.__enter__ (self)
btt.FileRecorder.__exit__ (self, *args)
btt.FileRecorder.filename (prefix, worker|worker_idx)
btt.FileReader (path)
btt.file.FileRecorder
btt.file.FileReader
btt.FileReader.__len__ (self)
btt.FileReader.close (self)
btt.FileReader.__getitem__ (self, idx|index)
btt.SingleFileDataset (path, item_transform=None)
btt.SingleFileDataset.__len__ (self)
btt.SingleFileDataset.__getitem__ (self, idx|index)
btt.SingleFileDataset._item (self, item)
btt.FileDataset (record_path_prefix, item_transform=None)
btt.FileDataset.__len__ (self)
btt.FileDataset.__getitem__ (self, idx|index)
btt.FileDataset._item (self, item)
"""

DUPLEX = """
btb.DuplexChannel (address, btid=None, lingerms=0, timeoutms=10000)
btb.DuplexChannel.send (self, **kwargs|kw)
btb.DuplexChannel.recv (self, timeoutms=None)
btt.DuplexChannel (address, btid=None, lingerms=0, timeoutms=10000)
btt.DuplexChannel.send (self, **kwargs|kw)
btt.DuplexChannel.recv (self, timeoutms=None)
"""

CAMERA = """
btb.Camera (bpy_camera=None, shape=None)
btb.Camera.type
btb.Camera.clip_range
btb.Camera.shape_from_bpy (bpy_render=None)
btb.Camera.view_from_bpy (bpy_camera=None)
btb.Camera.proj_from_bpy (bpy_camera=None, shape=None)
btb.Camera.update_view_matrix (self)
btb.Camera.update_proj_matrix (self)
btb.Camera.set_as_active_camera (self, scene=None)
btb.Camera.world_to_ndc (self, xyz|xyz_world, return_depth=False)
btb.Camera.ndc_to_pixel (self, ndc, origin="upper-left")
btb.Camera.object_to_pixel (self, *objs, return_depth=False)
btb.Camera.bbox_object_to_pixel (self, *objs, return_depth=False)
btb.Camera.look_at (self, look_at=None, look_from=None)
btb.Camera.intrinsics (self, integer_centers=False)
btb.Camera.extrinsics (self)
btb.Camera.camera_matrix (self, integer_centers=False)
btb.Camera.distance (self, xyz)
btb.Camera.boxes_2d (self, *objs)
btb.Camera.boxes_3d (self, *objs, frame="world")
btb.Camera.visibility (self, *objs, N=100)
"""

RENDERING = """
btb.OffScreenRenderer (camera=None, mode="rgba", origin="upper-left")
btb.OffScreenRenderer.set_render_style (self, shading="RENDERED", overlays=False)
btb.OffScreenRenderer.render (self)
btb.OffScreenRenderer.shape
btb.offscreen.OffScreenRenderer
btb.renderer.CompositeRenderer
btb.renderer.CompositeSelection
btb.CompositeRenderer (slots, camera=None, delete_render_files=True, btid=1)
btb.CompositeRenderer.render (self)
btb.CompositeSelection (key, node, slot, channels)
"""

ANIMATION = """
btb.AnimationController ()
btb.AnimationController.play (self, frame_range=None, num_episodes=-1, use_animation=True, use_offline_render=True, use_physics=True)
btb.AnimationController.rewind (self)
btb.AnimationController.frameid
btb.AnimationController.setup_frame_range (frame_range, physics=True)
btb.animation.AnimationController
btb.signal.Signal ()
btb.signal.Signal.add (self, fn, *args, **kwargs)
btb.signal.Signal.remove (self, handle)
btb.signal.Signal.invoke (self, *args, **kwargs)
"""

ENVIRONMENTS = """
btb.env.BaseEnv (agent)
btb.env.BaseEnv.run (self, frame_range=None, use_animation=True)
btb.env.BaseEnv.attach_default_renderer (self, every_nth=1)
btb.env.BaseEnv._env_reset (self)
btb.env.BaseEnv._env_prepare_step (self, action)
btb.env.BaseEnv._env_post_step (self)
btb.env.BaseEnv._pre_frame (self)
btb.env.BaseEnv._pre_animation (self)
btb.env.BaseEnv._post_frame (self)
btb.env.BaseEnv._render (self, ctx)
btb.env.BaseEnv._restart (self)
btb.env.BaseEnv.STATE_INIT
btb.env.BaseEnv.STATE_RUN
btb.env.BaseEnv.CMD_RESTART
btb.env.BaseEnv.CMD_STEP
btb.env.RemoteControlledAgent.__call__ (self, env, **ctx)
btb.env.RemoteControlledAgent (address, real_time=False, timeoutms=5000)
btt.env.RemoteEnv (address, timeoutms=10000)
btt.env.RemoteEnv.reset (self)
btt.env.RemoteEnv.step (self, action)
btt.env.RemoteEnv.render (self, mode="human", backend=None, gamma_coeff=2.2)
btt.env.RemoteEnv.close (self)
btt.env.launch_env (scene, script, background=False, **kwargs|kw)
btt.env.OpenAIRemoteEnv (version="0.0.1")
btt.env.OpenAIRemoteEnv.launch (self, scene, script, background=False, **kwargs|kw)
btt.env.OpenAIRemoteEnv.reset (self)
btt.env.OpenAIRemoteEnv.step (self, action)
btt.env.OpenAIRemoteEnv.render (self, mode="human")
btt.env.OpenAIRemoteEnv.close (self)
btt.env.OpenAIRemoteEnv.seed (self, seed)
btt.env.OpenAIRemoteEnv.env_time
btt.env.OpenAIRemoteEnv.metadata
"""

REST = """
btb.utils.object_coordinates (*objs, depsgraph=None)
btb.utils.world_coordinates (*objs, depsgraph=None)
btb.utils.bbox_world_coordinates (*objs, depsgraph=None)
btb.utils.hom (x, v=1.0)
btb.utils.dehom (x)
btb.utils.random_spherical_loc (radius_range=None, theta_range=None, phi_range=None)
btb.utils.compute_object_visibility (obj, cam, N=25, scene=None, view_layer=None, dist=None)
btb.utils.scene_stats ()
btb.utils.find_first_view3d ()
btb.materials.create_normal_material (name)
btb.paths.add_scene_dir_to_path ()
btb.add_scene_dir_to_path ()
btb.camera.Camera
btt.colors.gamma (x, coeff=2.2)
btt.discover_blender (additional_blender_paths=None)
btt.create_renderer (backend=None, **kwargs)
btt.env_rendering.create_renderer (backend=None, **kwargs)
btt.env_rendering.RENDER_BACKENDS
btt.env_rendering.LOOKUP_ORDER
btt.env_rendering.MatplotlibRenderer (**kwargs)
btt.env_rendering.OpenAIGymRenderer (**kwargs)
btt.apps.launch.main (argv|inargs=None)
"""

TABLE = {
    line.partition(" ")[0]: line.partition(" ")[2]
    for section in (
        LAUNCHING,
        STREAMING,
        RECORDING,
        DUPLEX,
        CAMERA,
        RENDERING,
        ANIMATION,
        ENVIRONMENTS,
        REST,
    )
    for line in section.strip().splitlines()
}
BTB = [name for name in TABLE if name.startswith("btb.")]
BTT = [name for name in TABLE if name.startswith("btt.")]

# Its name and others that are taken for it, its kind, its default in a list, or an empty list.
Parameter = list[Any]


def found(name: str) -> Any:
    """The object of a dotted name."""
    parts = name.split(".")
    thing: Any = importlib.import_module(f"blendtorch.{parts[0]}")
    for part in parts[1:]:
        try:
            thing = getattr(thing, part)
        except AttributeError:
            thing = importlib.import_module(f"{thing.__name__}.{part}")
    return thing


def parameters(name: str) -> list[Parameter]:
    """What `inspect.signature` says of it; empty for what cannot be called."""
    thing = found(name)
    if not callable(thing):
        return []
    others = {new: old for old, new in getattr(thing, "__also_called__", {}).items()}
    return [
        [
            "|".join(filter(None, (p.name, others.get(p.name)))),
            p.kind.name,
            [] if p.default is p.empty else [p.default],
        ]
        for p in inspect.signature(thing).parameters.values()
    ]


def said_by(name: str) -> list[Parameter] | str:
    """As `parameters`, or why there are none."""
    try:
        return parameters(name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
