/// The conformance kit: what every event loop of Weft must do, as JUnit suites that the author of a
/// loop extends.
module weft.tck {
  requires transitive weft;
  requires transitive org.junit.jupiter.api;
  requires transitive org.junit.jupiter.params;
  requires static transitive org.jspecify;
  requires java.logging;
  requires java.net.http;
  requires jdk.httpserver;

  exports weft.tck;

  opens weft.tck;
}
