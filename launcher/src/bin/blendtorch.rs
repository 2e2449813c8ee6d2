//! The program `blendtorch`: launch, setup, doctor.

fn main() -> std::process::ExitCode {
    blendtorch_launcher::main_blendtorch(std::env::args_os()).into()
}
