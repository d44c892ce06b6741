//! Who runs the program, as the system knows it: a variable can be set to anybody's name.

/// The name of the user by number, or what the environment says beside the number where the system has no name.
#[cfg(unix)]
pub fn user(said: Option<String>) -> String {
    let number = rustix::process::getuid().as_raw();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    match named(&known, number) {
        Some(name) => name,
        // Users of a directory are not in the file.
        None => format!("{}#{number}", said.unwrap_or_else(|| "user".to_owned())),
    }
}

/// What the environment says.
#[cfg(not(unix))]
pub fn user(said: Option<String>) -> String {
    said.unwrap_or_else(|| "someone at the terminal".to_owned())
}

/// `root:x:0:0:root:/root:/bin/bash`
#[cfg(unix)]
fn named(passwd: &str, number: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, _, id) = (parts.next()?, parts.next()?, parts.next()?);
        (id.parse() == Ok(number)).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::named;

    #[test]
    fn a_user_is_found_by_number() {
        let file = "root:x:0:0:root:/root:/bin/bash\nann:x:1001:1001::/home/ann:/bin/sh\n";
        assert_eq!(named(file, 1001).as_deref(), Some("ann"));
        assert_eq!(named(file, 7), None);
    }
}
