//! The program `blendtorch-launch`, the same as `blendtorch launch`.

fn main() -> std::process::ExitCode {
    blendtorch_launcher::main_launch(std::env::args_os()).into()
}
