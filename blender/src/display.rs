//! Whether a window can be opened here.
//!
//! Owns the look at the environment. It must never connect to a display.

/// The display that a program would open its window on, as `NAME=value`. None: there is no display.
pub(crate) fn there() -> Option<String> {
    let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .into_iter()
        .find_map(|name| named(name).map(|value| format!("{name}={value}")))
}

/// Whether windows are out of the question. Elsewhere than on Linux no variable tells.
#[must_use]
pub fn none() -> bool {
    cfg!(target_os = "linux") && there().is_none()
}
