/// Input and output on two floors. Below, transports and protocols: callbacks, nothing suspends
/// ([weft.io.Transport], [weft.io.Protocol]). Above, streams, which coroutines read and write like
/// files ([weft.io.StreamReader], [weft.io.StreamWriter]). [weft.io.Net] opens both.
///
/// Inside, read `ChannelTransport`, which ties a channel of the driver to a protocol, then
/// `StreamProtocol`, which ties a transport to a reader and a writer. TLS is a channel over a
/// channel, and nobody above it knows.
@NullMarked
package weft.io;

import org.jspecify.annotations.NullMarked;
