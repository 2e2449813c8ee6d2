//! `blendtorch doctor`: the checks, as lines for people or as JSON for programs.
//!
//! Owns which rooms are asked, and how their checks are shown. What a room needs it looks for itself.

mod libtorch;

use std::io::IsTerminal;

use blendtorch_blender::{Check, Health};

/// What this machine has of all that blendtorch needs, what is missing, and the line that mends it.
/// Takes about as long as a Blender takes to start and end.
#[must_use]
pub fn doctor() -> Vec<Check> {
    let (mut checks, draws) = blendtorch_blender::doctor::checks();
    checks.extend(blendtorch_launcher::host::checks(draws));
    checks.push(libtorch::check());
    checks
}

pub(super) fn run(json: bool) -> u8 {
    let checks = doctor();
    let text = if json {
        match serde_json::to_string_pretty(&checks) {
            Ok(text) => text + "\n",
            Err(error) => {
                super::say("blendtorch doctor", &format!("error: {error}"));
                return 1;
            }
        }
    } else {
        shown(&checks, std::io::stdout().is_terminal())
    };
    let printed = super::print(&text);
    let missing = checks.iter().any(|check| check.health == Health::Missing);
    printed.max(u8::from(missing))
}

/// One line a check, and one more where there is something to mend.
fn shown(checks: &[Check], terminal: bool) -> String {
    let coloured = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut text = String::new();
    for check in checks {
        let (colour, word) = match check.health {
            Health::Ok => (32, "ok"),
            Health::Note => (33, "note"),
            Health::Missing => (31, "MISSING"),
        };
        let mark = if coloured {
            format!("\x1b[{colour}m{word:<8}\x1b[0m")
        } else {
            format!("{word:<8}")
        };
        text += &format!("{mark}{:<17}{}\n", check.name, check.found);
        if let Some(remedy) = &check.remedy {
            text += &format!("{:25}mend: {remedy}\n", "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_mend_has_a_line_of_its_own() {
        let check = |health, remedy: Option<&str>| Check {
            name: "Blender",
            health,
            found: "found".into(),
            remedy: remedy.map(Into::into),
        };
        let checks = [
            check(Health::Ok, None),
            check(Health::Missing, Some("blendtorch setup")),
        ];
        let wanted = "ok      Blender          found\n\
                      MISSING Blender          found\n                         \
                      mend: blendtorch setup\n";
        assert_eq!(shown(&checks, false), wanted);
    }
}
