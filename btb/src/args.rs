//! The command line that a launcher gives to a scene script.
//!
//! Owns the reading of what stands after `--`: `-btid i -btseed s -btsockets NAME=address …`, and
//! hands everything else back untouched, in order. It must never read the process's own arguments
//! or exit: that is the caller's.

use std::collections::HashSet;

use thiserror::Error;

/// What is wrong with a command line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArgsError {
    /// Nothing marks where the script's own arguments begin.
    #[error(
        "no `--` in the command line: the script's arguments follow a `--`, as in \
         `blender --background --python scene.blend.py -- -btid 0 -btseed 1 -btsockets \
         DATA=tcp://127.0.0.1:11000`"
    )]
    NoSeparator,
    /// An option stands at the end, without its value.
    #[error("{option} needs a whole number after it, as in `{option} 3`")]
    MissingValue {
        /// The option, as `-btid`.
        option: &'static str,
    },
    /// An option's value is not a 64-bit integer.
    #[error("{option} needs a whole number of 64 bits, not `{value}`")]
    NotANumber {
        /// The option, as `-btid`.
        option: &'static str,
        /// What stood there.
        value: String,
    },
    /// An option is given twice.
    #[error("{option} is given more than once")]
    Repeated {
        /// The option, as `-btid`.
        option: &'static str,
    },
    /// What follows `-btsockets` is no NAME=address pair.
    #[error(
        "-btsockets needs NAME=address pairs, not `{value}`: an address starts with its \
         transport, as in `DATA=tcp://127.0.0.1:11000`"
    )]
    BadSocket {
        /// What stood there.
        value: String,
    },
    /// Two sockets have one name.
    #[error("-btsockets names `{name}` twice: names of sockets must differ")]
    RepeatedSocket {
        /// The name.
        name: String,
    },
}

/// The launcher's part of a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlendtorchArgs {
    /// Which instance this is: 0, 1, … in the launcher's order.
    pub btid: Option<i64>,
    /// The seed of this instance.
    pub btseed: Option<i64>,
    /// Names and addresses of the sockets, in the order given.
    pub btsockets: Vec<(String, String)>,
}

/// Reads the launcher's arguments from a whole command line, and returns them with the remainder:
/// all other arguments after the first `--`, in order.
///
/// `-btsockets` takes the NAME=address pairs that follow it, as far as they are such pairs (an
/// address has a `://`): positional arguments after it go to the remainder.
///
/// # Errors
/// [`ArgsError`], which names the argument and what it should be.
pub fn parse_blendtorch_args<S: AsRef<str>>(
    argv: &[S],
) -> Result<(BlendtorchArgs, Vec<String>), ArgsError> {
    let mut rest = argv
        .iter()
        .map(AsRef::as_ref)
        .skip_while(|arg| *arg != "--");
    rest.next().ok_or(ArgsError::NoSeparator)?;
    let mut rest = rest.peekable();

    let mut args = BlendtorchArgs::default();
    let mut remainder = Vec::new();
    let mut sockets_given = false;
    while let Some(arg) = rest.next() {
        let (name, attached) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (arg, None),
        };
        match name {
            "-btid" => set("-btid", attached.or_else(|| rest.next()), &mut args.btid)?,
            "-btseed" => set(
                "-btseed",
                attached.or_else(|| rest.next()),
                &mut args.btseed,
            )?,
            "-btsockets" if attached.is_none() => {
                if std::mem::replace(&mut sockets_given, true) {
                    return Err(ArgsError::Repeated {
                        option: "-btsockets",
                    });
                }
                while let Some(pair) = rest.next_if(|next| socket(next).is_some()) {
                    args.btsockets.extend(socket(pair));
                }
                // Meant as a pair, but not one: left in the remainder it would only be missed later.
                if let (true, Some(next)) = (args.btsockets.is_empty(), rest.peek())
                    && next.contains('=')
                    && !next.starts_with('-')
                {
                    return Err(ArgsError::BadSocket {
                        value: (*next).to_owned(),
                    });
                }
            }
            _ => remainder.push(arg.to_owned()),
        }
    }

    let mut names = HashSet::new();
    for (name, _) in &args.btsockets {
        if !names.insert(name) {
            return Err(ArgsError::RepeatedSocket { name: name.clone() });
        }
    }
    Ok((args, remainder))
}

/// Fills `slot` from the value that follows `option`.
fn set(option: &'static str, value: Option<&str>, slot: &mut Option<i64>) -> Result<(), ArgsError> {
    let value = value.ok_or(ArgsError::MissingValue { option })?;
    let number = value.parse().map_err(|_| ArgsError::NotANumber {
        option,
        value: value.to_owned(),
    })?;
    match slot.replace(number) {
        None => Ok(()),
        Some(_) => Err(ArgsError::Repeated { option }),
    }
}

/// Splits `NAME=transport://…` at the first `=`: an address may hold more of them.
fn socket(pair: &str) -> Option<(String, String)> {
    let (name, address) = pair.split_once('=')?;
    let named = !name.is_empty() && !name.starts_with('-');
    (named && address.contains("://")).then(|| (name.to_owned(), address.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(line: &str) -> Result<(BlendtorchArgs, Vec<String>), ArgsError> {
        parse_blendtorch_args(&line.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn reads_what_the_launcher_writes() {
        let line = "blender scene.blend -b --python s.py -- -btid 2 -btseed 44 \
                    -btsockets DATA=tcp://127.0.0.1:11000 CTRL=ipc:///tmp/a=b -v --width 640 out";
        let (args, remainder) = parse(line).unwrap();
        assert_eq!(args.btid, Some(2));
        assert_eq!(args.btseed, Some(44));
        assert_eq!(
            args.btsockets,
            [
                ("DATA", "tcp://127.0.0.1:11000"),
                ("CTRL", "ipc:///tmp/a=b")
            ]
            .map(|(n, a)| (n.to_owned(), a.to_owned()))
        );
        assert_eq!(remainder, ["-v", "--width", "640", "out"]);
    }

    #[test]
    fn missing_arguments_are_absent_not_wrong() {
        let (args, remainder) = parse("python s.py --").unwrap();
        assert_eq!((args, remainder), (BlendtorchArgs::default(), vec![]));
    }

    /// The original handed `key=value` and positional arguments after the sockets to its parser
    /// of addresses.
    #[test]
    fn positional_arguments_after_the_sockets_survive() {
        let (args, remainder) = parse("-- -btsockets A=tcp://h:1 lr=0.1 first -- second").unwrap();
        assert_eq!(args.btsockets.len(), 1);
        assert_eq!(remainder, ["lr=0.1", "first", "--", "second"]);
    }

    #[test]
    fn negative_seeds_and_attached_values_are_read() {
        let (args, _) = parse("-- -btid=1 -btseed -5").unwrap();
        assert_eq!((args.btid, args.btseed), (Some(1), Some(-5)));
    }

    #[test]
    fn errors_name_the_argument() {
        let error = |line| parse(line).unwrap_err();
        assert_eq!(error("blender -btid 1"), ArgsError::NoSeparator);
        assert_eq!(
            error("-- -btid"),
            ArgsError::MissingValue { option: "-btid" }
        );
        assert_eq!(
            error("-- -btseed x"),
            ArgsError::NotANumber {
                option: "-btseed",
                value: "x".into()
            }
        );
        assert_eq!(
            error("-- -btid 1 -btid 2"),
            ArgsError::Repeated { option: "-btid" }
        );
        assert_eq!(
            error("-- -btsockets DATA=127.0.0.1:11000"),
            ArgsError::BadSocket {
                value: "DATA=127.0.0.1:11000".into()
            }
        );
        assert_eq!(
            error("-- -btsockets A=tcp://h:1 A=tcp://h:2"),
            ArgsError::RepeatedSocket { name: "A".into() }
        );
    }

    proptest! {
        #[test]
        fn no_command_line_panics(argv in prop::collection::vec("[-=:/a-z0-9]{0,8}|--|-btid|-btsockets", 0..12)) {
            let _ = parse_blendtorch_args(&argv);
        }
    }
}
