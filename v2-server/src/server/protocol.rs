//! Which HTTP a client speaks, told by the first bytes it sends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// What every connection of HTTP/2 begins with.
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Reads until it is clear what the client speaks; nothing when it sends nothing.
pub(super) async fn begin<S: AsyncRead + Unpin>(
    mut stream: S,
) -> io::Result<Option<(Protocol, Begun<S>)>> {
    let mut read = [0; PREFACE.len()];
    let mut length = 0;
    let protocol = loop {
        match stream.read(&mut read[length..]).await? {
            0 if length == 0 => return Ok(None),
            0 => break Protocol::Http1,
            more => length += more,
        }
        if read[..length] != PREFACE[..length] {
            break Protocol::Http1;
        }
        if length == PREFACE.len() {
            break Protocol::Http2;
        }
    };
    let begun = Begun {
        read,
        left: 0..length,
        stream,
    };
    Ok(Some((protocol, begun)))
}

/// A stream of which the first bytes have been read, and are read again.
#[derive(Debug)]
pub(super) struct Begun<S> {
    read: [u8; PREFACE.len()],
    left: std::ops::Range<usize>,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let length = self.left.len().min(buffer.remaining());
        let end = self.left.start + length;
        buffer.put_slice(&self.read[self.left.start..end]);
        self.left.start = end;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn the_first_bytes_tell_the_protocol_and_are_not_lost() {
        for (sent, expected) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], Some(Protocol::Http1)),
            (
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore",
                Some(Protocol::Http2),
            ),
            (b"PRI * HTTP/1.1\r\n\r\n", Some(Protocol::Http1)),
            (b"P", Some(Protocol::Http1)),
            (b"", None),
        ] {
            // One byte at a time, as the network may do.
            let (mut client, server) = tokio::io::duplex(1);
            let sending = tokio::spawn(async move { client.write_all(sent).await });
            let begun = begin(server).await.unwrap();
            assert_eq!(begun.as_ref().map(|(protocol, _)| *protocol), expected);
            if let Some((_, mut begun)) = begun {
                let mut read = Vec::new();
                begun.read_to_end(&mut read).await.unwrap();
                assert_eq!(read, sent);
            }
            sending.await.unwrap().unwrap();
        }
    }
}
