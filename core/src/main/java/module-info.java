/// Weft: an event loop, coroutines tied to it, and loops that can be exchanged like parts.
module weft {
  requires static transitive org.jspecify;
  requires jdk.unsupported; // sun.misc.Signal

  exports weft;
  exports weft.io;
  exports weft.spi;
  exports weft.sync;

  uses weft.EventLoopProvider;
  uses weft.spi.DriverProvider;

  provides weft.spi.DriverProvider with
      weft.nio.ProactorDriverProvider,
      weft.nio.SelectorDriverProvider;
}
