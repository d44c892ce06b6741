//! Files as a folder, or as one ZIP file (PKWARE APPNOTE 6.3.10, without ZIP64: a bundle is far below 4 GiB).

use crate::exit::Failure;
use flate2::{Compression, Crc, write::DeflateEncoder};
use runbook_report::run_report::bundle::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file by which a folder is known to hold a bundle, so that it may be written again.
const KNOWN_BY: &str = "report.json";

/// Writes files into a folder, or into one file where its name ends in `.zip`. Only the owner reads them.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub fn write(to: &Path, files: &[File]) -> Result<(), Failure> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::environment(format!(
            "{} cannot be written: {error}; name another place with --bundle",
            path.display()
        ))
    };
    if is_zip(to) {
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent {
            std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        }
        let packed = zip(files).map_err(|error| failed(to, &error))?;
        return owned(to)
            .and_then(|mut file| file.write_all(&packed))
            .map_err(|error| failed(to, &error));
    }
    let full = std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if full && !to.join(KNOWN_BY).is_file() {
        return Err(Failure::wrong(format!(
            "{} holds something else; name an empty folder, a new one, or a file that ends in .zip",
            to.display()
        )));
    }
    for file in files {
        let path: PathBuf = file
            .path
            .split('/')
            .fold(to.to_path_buf(), |path, part| path.join(part));
        let folder = path.parent().unwrap_or(to);
        crate::record::private(folder).map_err(|error| failed(folder, &error))?;
        owned(&path)
            .and_then(|mut out| out.write_all(&file.content))
            .map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

/// Whether a bundle of this name is one file.
pub fn is_zip(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("zip"))
}

/// A file that only its owner reads.
fn owned(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The 1st of January 1980, the first day that the format knows: the same files are the same bytes.
const DAY: u16 = 0x0021;

fn zip(files: &[File]) -> std::io::Result<Vec<u8>> {
    let too_much = || std::io::Error::other("it is too large for a ZIP file");
    let size = |length: usize| u32::try_from(length).map_err(|_| too_much());
    let mut out: Vec<u8> = Vec::new();
    let mut directory: Vec<u8> = Vec::new();
    for file in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&file.content)?;
        let packed = encoder.finish()?;
        let mut crc = Crc::new();
        crc.update(&file.content);
        let at = size(out.len())?;
        // Version 2.0, names in UTF-8, deflate.
        let mut head: Vec<u8> = Vec::new();
        for short in [20, 0x0800, 8, 0, DAY] {
            head.extend(short.to_le_bytes());
        }
        for long in [crc.sum(), size(packed.len())?, size(file.content.len())?] {
            head.extend(long.to_le_bytes());
        }
        let name = file.path.as_bytes();
        head.extend(
            u16::try_from(name.len())
                .map_err(|_| too_much())?
                .to_le_bytes(),
        );
        head.extend(0_u16.to_le_bytes());
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(&head);
        out.extend(name);
        out.extend(packed);
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        // Made on a system with the modes of POSIX, by version 2.0.
        directory.extend(0x0314_u16.to_le_bytes());
        directory.extend(&head);
        for short in [0_u16, 0, 0] {
            directory.extend(short.to_le_bytes());
        }
        directory.extend((0o100_600_u32 << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name);
    }
    let count = u16::try_from(files.len()).map_err(|_| too_much())?;
    let (start, length) = (size(out.len())?, size(directory.len())?);
    out.extend(directory);
    out.extend(0x0605_4b50_u32.to_le_bytes());
    for short in [0, 0, count, count] {
        out.extend(short.to_le_bytes());
    }
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    Ok(out)
}
