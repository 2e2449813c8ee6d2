//! Whether what draws is a program and no graphics card.
//!
//! Owns the names that such programs give themselves. It must never ask a driver.

/// Renderers that are programs, by the names they give themselves, in small letters.
const SOFTWARE: [&str; 5] = ["llvmpipe", "softpipe", "swrast", "swiftshader", "lavapipe"];

/// Whether OpenGL or Vulkan by this name draws on the processor.
#[must_use]
pub fn draws_in_software(renderer: &str) -> bool {
    let renderer = renderer.to_lowercase();
    SOFTWARE.iter().any(|name| renderer.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_cards_are_told_apart() {
        for program in [
            "llvmpipe (LLVM 15.0.6, 256 bits)",
            "SwiftShader Device (LLVM 10.0.0)",
        ] {
            assert!(draws_in_software(program), "{program}");
        }
        for card in [
            "NVIDIA H100 80GB HBM3/PCIe/SSE2",
            "AMD Radeon RX 7900 XT",
            "",
        ] {
            assert!(!draws_in_software(card), "{card}");
        }
    }
}
