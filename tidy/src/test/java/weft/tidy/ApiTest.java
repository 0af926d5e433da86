package weft.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The public API is what `api/*.api` says: a change of it is a change of that file, which a
/// reviewer reads first.
class ApiTest {
  @ParameterizedTest
  @CsvSource({"core, weft", "linux, weft-linux", "tck, weft-tck"})
  void theApiIsTheGoldenOne(String folder, String artifact) throws IOException {
    Path golden = Repository.ROOT.resolve("api", artifact + ".api");
    List<String> actual = ApiDump.of(Repository.classes(folder));
    if (Repository.WRITE) {
      Files.write(golden, actual);
    }
    List<String> expected = Files.exists(golden) ? Files.readAllLines(golden) : List.of();
    assertEquals(
        "",
        difference(expected, actual),
        "The API is not that of " + golden.getFileName() + ". " + Repository.HOW_TO_WRITE);
  }

  /// The lines that went (-) and came (+), each below the type it belongs to.
  private static String difference(List<String> expected, List<String> actual) {
    Set<String> before = new LinkedHashSet<>(withOwner(expected));
    Set<String> after = new LinkedHashSet<>(withOwner(actual));
    StringBuilder result = new StringBuilder();
    for (String line : before) {
      if (!after.contains(line)) {
        result.append("- ").append(line).append('\n');
      }
    }
    for (String line : after) {
      if (!before.contains(line)) {
        result.append("+ ").append(line).append('\n');
      }
    }
    return result.toString();
  }

  private static List<String> withOwner(List<String> lines) {
    String[] owner = {""};
    return lines.stream()
        .map(
            line -> {
              if (line.startsWith("  ")) {
                return owner[0] + " |" + line;
              }
              owner[0] = line;
              return line;
            })
        .toList();
  }
}
