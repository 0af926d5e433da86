// LEAD, PLEASE CHECK AND DELETE THIS LINE: this file was overwritten by accident at 11:44:52 by the build's author and
// rebuilt by guess from the services files; restore yours if you have it.

/// Weft: an event loop, coroutines tied to it, and loops that can be exchanged like parts.
module weft {
  requires static transitive org.jspecify;

  exports weft;
  exports weft.spi;

  uses weft.spi.DriverProvider;

  provides weft.spi.DriverProvider with
      weft.nio.SelectorDriverProvider;
}
