/// The rules of the house, each as a test whose failure says what to do. Read
/// [weft.tidy.LayersTest] (who may know whom), then [weft.tidy.SizesTest] and [weft.tidy.ApiTest]
/// (golden files that `mvn test -pl tidy -am -Dtidy.write` rewrites), then [weft.tidy.DocsTest] and
/// [weft.tidy.ServicesTest].
package weft.tidy;
