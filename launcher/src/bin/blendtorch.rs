//! The program `blendtorch`: `blendtorch launch` and `blendtorch setup`.

fn main() -> std::process::ExitCode {
    blendtorch_launcher::main_blendtorch(std::env::args_os()).into()
}
