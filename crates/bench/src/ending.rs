//! When to end: whoever started this keeps its standard input open for as long as it is wanted.

/// Waits until nobody is there any more.
pub async fn of_input() {
    let (tell, left) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // However it ends, nobody is there any more.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        tell.send(())
    });
    // Whoever does not tell is not there either.
    let _ = left.await;
}
