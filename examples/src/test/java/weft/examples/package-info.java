/// Runs the examples as programs, and Weft with the programs of others.
///
/// [weft.examples.ExamplesTest] runs the short ones, [weft.examples.CrawlTest] the crawler,
/// [weft.examples.ServersTest] the small servers. With others' programs at the other end:
/// [weft.examples.ServeTest] (curl), [weft.examples.ProxyTest] (curl and nginx),
/// [weft.examples.RedisTest], [weft.examples.TlsTest] (OpenSSL), [weft.examples.NetcatTest] (nc and
/// socat), [weft.examples.PostgresTest]. A test whose program is not installed is skipped.
/// [weft.examples.LoadTest] puts [weft.examples.Station] under load.
package weft.examples;
