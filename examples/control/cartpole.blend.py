"""A cart on a rail balances a pole: rigid bodies, a motor, and an agent elsewhere that drives it.

Made in code, so that there is no .blend file to keep. An action is a force on the cart in newton,
one number; an observation is (the cart's place, the pole's place, the pole's angle), in metres and
radians.
"""

import argparse
import math

import bpy
import numpy as np
from blendtorch import btb

FPS = 60
RAIL = 4.0
"""The episode is over where the rail is, on either side."""
FALLEN = 0.6
"""And when the pole leans by so much."""
HEIGHT = 1.2
LENGTH = 2.0


def box(name, size, location, colour):
    """A box of `size` (its edges in metres) around `location`."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=location)
    made = bpy.context.object
    made.name = name
    made.scale = size
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    material = bpy.data.materials.new(name)
    material.diffuse_color = colour  # what solid shading shows
    made.data.materials.append(material)
    return made


def body(made, kind, mass=1.0):
    """Makes an object a rigid body."""
    bpy.context.view_layer.objects.active = made
    bpy.ops.rigidbody.object_add(type=kind)
    made.rigid_body.mass = mass
    made.rigid_body.use_deactivation = False
    made.rigid_body.linear_damping = made.rigid_body.angular_damping = 0.0
    made.rigid_body.friction = 0.0
    # Constraints hold them: they must not push each other away.
    made.rigid_body.collision_collections = [kind == "PASSIVE"] + [False] * 19
    return made


def constraint(kind, location, rotation, first, second):
    """Binds two rigid bodies to each other."""
    bpy.ops.object.empty_add(location=location, rotation=rotation)
    empty = bpy.context.object
    bpy.ops.rigidbody.constraint_add(type=kind)
    bound = empty.rigid_body_constraint
    bound.object1, bound.object2 = first, second
    return bound


def build():
    """The scene: rail, cart, pole, motor, camera."""
    for made in list(bpy.data.objects):
        bpy.data.objects.remove(made)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = FPS, 1.0
    scene.render.resolution_x, scene.render.resolution_y = 240, 120
    scene.render.resolution_percentage = 100
    bpy.ops.rigidbody.world_add()
    scene.rigidbody_world.substeps_per_frame = 10
    scene.rigidbody_world.solver_iterations = 50

    rail = body(box("Rail", (2 * RAIL, 0.1, 0.1), (0, 0, HEIGHT), (0.2, 0.2, 0.2, 1)), "PASSIVE")
    cart = box("Cart", (1.0, 0.6, 0.4), (0, 0, HEIGHT), (0.1, 0.3, 0.8, 1))
    body(cart, "ACTIVE", 1.0)
    pole = box("Pole", (0.1, 0.1, LENGTH), (0, 0, HEIGHT + LENGTH / 2), (0.9, 0.5, 0.1, 1))
    body(pole, "ACTIVE", 0.2)

    constraint("SLIDER", (0, 0, HEIGHT), (0, 0, 0), rail, cart)
    # It moves its first body away from its second.
    motor = constraint("MOTOR", (0, 0, HEIGHT), (0, 0, 0), cart, rail)
    motor.use_motor_lin = True
    motor.motor_lin_max_impulse = 1e3
    # A hinge turns about its own z: here the y of the world.
    constraint("HINGE", (0, 0, HEIGHT), (math.pi / 2, 0, 0), cart, pole)

    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0, -12, 2.2), (math.pi / 2, 0, 0)
    camera.data.sensor_width, camera.data.lens = 36, 40
    scene.camera = camera
    return cart, pole, motor


class CartpoleEnv(btb.BaseEnv):
    """The pole starts at a random lean of up to 0.2 radians."""

    observation_space = btb.spaces.Box(-np.inf, np.inf, shape=(3,))
    action_space = btb.spaces.Box(-100, 100, shape=(1,))

    def __init__(self, agent):
        super().__init__(agent)
        self.cart, self.pole, self.motor = build()
        self.mass = self.cart.rigid_body.mass + self.pole.rigid_body.mass

    def _env_reset(self):
        self.motor.motor_lin_target_velocity = 0.0
        lean = self.np_random.uniform(0.05, 0.2) * self.np_random.choice([-1, 1])
        self.cart.location = (0, 0, HEIGHT)
        self.pole.rotation_euler = (0, lean, 0)
        self.pole.location = (
            math.sin(lean) * LENGTH / 2,
            0,
            HEIGHT + math.cos(lean) * LENGTH / 2,
        )

    def _env_prepare_step(self, action):
        # The motor holds a velocity; a force F changes it by F / m in a second.
        force = float(np.asarray(action).item())
        self.motor.motor_lin_target_velocity += force / self.mass / FPS

    def _env_post_step(self):
        cart = self.cart.matrix_world.translation[0]
        pole = self.pole.matrix_world.translation[0]
        lean = self.pole.matrix_world.to_euler("XYZ")[1]
        over = abs(lean) > FALLEN or abs(cart) > RAIL
        return {"obs": np.float32([cart, pole, lean]), "reward": 0.0 if over else 1.0, "done": over}


def main():
    btargs, remainder = btb.parse_blendtorch_args()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--render-every", type=int, help="send an image of every nth frame")
    parser.add_argument(
        "--real-time",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="go on without commands, at the scene's frame rate",
    )
    given = parser.parse_args(remainder)
    agent = btb.RemoteControlledAgent(btargs.btsockets["GYM"], real_time=given.real_time)
    env = CartpoleEnv(agent)
    env.attach_default_renderer(every_nth=given.render_every)
    env.renderer.set_render_style(shading="SOLID")
    env.run(frame_range=(1, 10_000), use_animation=True)


main()
