/// Runs the examples as programs: [weft.examples.ExamplesTest] the short ones,
/// [weft.examples.CrawlTest] the crawler, against sites of its own.
package weft.examples;
