//! Published weights, fetched once and verified (feature `download`).

use std::{
    env,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{export::Temporary, known::KnownWeights};
use crate::error::WeightsError;

/// Where fetched weights are kept: `$WARDROBE_CACHE`, else `$XDG_CACHE_HOME/wardrobe`, else
/// `~/.cache/wardrobe` (`%LOCALAPPDATA%\wardrobe` on Windows), else `wardrobe` in the folder for
/// temporary files.
pub fn cache_folder() -> PathBuf {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("WARDROBE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("wardrobe")))
        .or_else(|| set("LOCALAPPDATA").map(|folder| folder.join("wardrobe")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache").join("wardrobe")))
        .unwrap_or_else(|| env::temp_dir().join("wardrobe"))
}

/// The path of a published file in `folder`, downloaded if it is not there yet.
///
/// The content is verified against [`KnownWeights::sha256_prefix`] in either case. A download goes to a
/// temporary file, which takes the final name only when it is complete and verified; a file that is
/// there but wrong is an error and stays as it is.
///
/// `progress` is called with the bytes received so far and, if the server tells, all of them.
///
/// # Errors
/// If the server cannot be reached, the content is not the published one, or the folder is not
/// writable.
pub fn fetch(
    weights: &KnownWeights,
    folder: impl AsRef<Path>,
    mut progress: impl FnMut(u64, Option<u64>),
) -> Result<PathBuf, WeightsError> {
    let folder = folder.as_ref();
    let path = folder.join(weights.file_name());
    if path.exists() {
        let file = File::open(&path).map_err(|source| WeightsError::Read {
            path: path.clone(),
            source,
        })?;
        let digest = copy(file, &mut io::sink(), |_| ()).map_err(|source| WeightsError::Read {
            path: path.clone(),
            source,
        })?;
        return verified(weights, &path, &digest).map(|()| path);
    }
    let failed = |reason: String| WeightsError::Download {
        url: weights.url.to_owned(),
        path: path.clone(),
        reason,
    };
    let unwritable = |error: io::Error| WeightsError::Write {
        path: path.clone(),
        reason: error.to_string(),
    };
    let mut response = ureq::get(weights.url)
        .call()
        .map_err(|error| failed(error.to_string()))?;
    let total = response.body().content_length();
    fs::create_dir_all(folder).map_err(unwritable)?;
    let temporary = Temporary::beside(&path);
    let mut file = File::create(&temporary.0).map_err(unwritable)?;
    let body = response.body_mut().as_reader();
    let digest = copy(body, &mut file, |received| progress(received, total))
        .map_err(|error| failed(error.to_string()))?;
    verified(weights, &path, &digest)?;
    file.sync_all().map_err(unwritable)?;
    fs::rename(&temporary.0, &path).map_err(unwritable)?;
    Ok(path)
}

/// Copies and returns the SHA-256 in hexadecimal digits.
fn copy(
    mut from: impl Read,
    to: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut copied = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&buffer[..count])?;
        hash.update(&buffer[..count]);
        copied += count as u64;
        progress(copied);
    }
    Ok(hash.finalize().iter().fold(String::new(), |digits, byte| {
        digits + &format!("{byte:02x}")
    }))
}

fn verified(weights: &KnownWeights, path: &Path, digest: &str) -> Result<(), WeightsError> {
    if digest.starts_with(weights.sha256_prefix) {
        return Ok(());
    }
    Err(WeightsError::Checksum {
        path: path.to_owned(),
        expected: weights.sha256_prefix.to_owned(),
        found: digest.chars().take(weights.sha256_prefix.len()).collect(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io::{BufRead, BufReader},
        net::TcpListener,
    };

    use super::*;
    use crate::weights::known;

    /// SHA-256 of "abc" (FIPS 180-2, appendix B.1).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn weights(sha256_prefix: &'static str) -> KnownWeights {
        KnownWeights {
            // No server listens on the discard port: reaching for it fails at once.
            url: "http://127.0.0.1:9/abc.pth",
            sha256_prefix,
            ..known::KNOWN[0]
        }
    }

    #[test]
    fn the_digest_is_sha256() {
        let mut copied = Vec::new();
        let mut seen = Vec::new();
        let digest = copy(&b"abc"[..], &mut copied, |bytes| seen.push(bytes)).unwrap();
        assert_eq!(
            (digest.as_str(), copied.as_slice(), seen.as_slice()),
            (ABC, &b"abc"[..], &[3][..])
        );
    }

    #[test]
    fn a_cached_file_is_verified_and_not_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc.pth");
        fs::write(&path, "abc").unwrap();
        let found = fetch(&weights("ba7816bf"), folder.path(), |_, _| {
            panic!("no download")
        });
        assert_eq!(found.unwrap(), path);
        let wrong = fetch(&weights("00000000"), folder.path(), |_, _| ()).unwrap_err();
        assert!(
            wrong
                .to_string()
                .contains("SHA-256 starts with ba7816bf, expected 00000000"),
            "{wrong}"
        );
        assert!(path.exists());
    }

    /// Answers one request with `content`, of which it announces `announced` bytes, and hangs up.
    fn serve(announced: usize, content: &'static str) -> &'static str {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/abc.pth", server.local_addr().unwrap());
        std::thread::spawn(move || {
            let (stream, _) = server.accept().unwrap();
            let mut request = BufReader::new(&stream).lines();
            while request.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n");
            (&stream).write_all((head + content).as_bytes()).unwrap();
        });
        url.leak()
    }

    #[test]
    fn a_download_is_verified_before_it_has_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("made/for/it");
        let mut seen = Vec::new();
        let abc = KnownWeights {
            url: serve(3, "abc"),
            ..weights("ba7816bf")
        };
        let path = fetch(&abc, &cache, |bytes, total| seen.push((bytes, total))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "abc");
        assert_eq!(path, cache.join("abc.pth"));
        assert_eq!(seen.last(), Some(&(3, Some(3))));
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    }

    #[test]
    fn a_wrong_or_broken_download_leaves_nothing_behind() {
        for (announced, content) in [(3, "abd"), (9, "abc")] {
            let folder = tempfile::tempdir().unwrap();
            let other = KnownWeights {
                url: serve(announced, content),
                ..weights("ba7816bf")
            };
            let error = fetch(&other, folder.path(), |_, _| ()).unwrap_err();
            let expected = match content {
                "abc" => matches!(error, WeightsError::Download { .. }),
                _ => matches!(error, WeightsError::Checksum { .. }),
            };
            assert!(expected, "{error}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{error}");
        }
    }

    #[test]
    fn an_unreachable_server_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let error = fetch(&weights("ba7816bf"), folder.path(), |_, _| ()).unwrap_err();
        assert!(matches!(error, WeightsError::Download { .. }), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
