/// Drivers for Linux: `epoll` and `uring`.
module weft.linux {
  requires transitive weft;
  requires jdk.net;
  requires static transitive org.jspecify;

  exports weft.linux;

  provides weft.spi.DriverProvider with
      weft.linux.EpollDriverProvider,
      weft.linux.UringDriverProvider;
}
