/// Loops at the speed of the system, without a line of C: drivers over epoll(7) and io_uring(7),
/// for Linux on x86-64 and aarch64.
///
/// Put this module beside Weft's core and start Java with `--enable-native-access=weft.linux`, or
/// `=ALL-UNNAMED` on the class path; then `WEFT_LOOP=epoll`, `uring` or `auto` choose them.
///
/// The JDK tells nobody the descriptors of its channels. Where a program hands such channels to a
/// loop (a `SocketChannel` to be made a transport, a file for `sendfile`), these loops need
/// `--add-opens java.base/sun.nio.ch=weft.linux` as well. Without it, files are sent through a
/// buffer, channels are watched by a thread that helps, and others are refused.
///
/// In the order in which to read: [weft.linux.Linux], what a system call looks like;
/// [weft.linux.Descriptor], [weft.linux.BufferPool] and [weft.linux.Source], who owns what;
/// [weft.linux.LinuxDriver] and [weft.linux.SocketStream], how bytes go; [weft.linux.EpollDriver],
/// how one waits, and [weft.linux.WaitThread], where on a virtual thread; [weft.linux.UringDriver]
/// over [weft.linux.Ring], how the kernel does it all; and [weft.linux.ChildStart], how a process
/// begins.
@NullMarked
package weft.linux;

import org.jspecify.annotations.NullMarked;
