//! The program `blendtorch`: launch, setup, doctor.

fn main() -> std::process::ExitCode {
    blendtorch_cli::main_blendtorch(std::env::args_os()).into()
}
