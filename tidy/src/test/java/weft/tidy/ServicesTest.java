package weft.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A service is declared twice, for the module path and for the class path: both say the same.
class ServicesTest {
  static Stream<String> modules() {
    return Repository.PUBLISHED.stream()
        .filter(folder -> Files.exists(Repository.classes(folder).resolve("module-info.class")));
  }

  @ParameterizedTest
  @MethodSource("modules")
  void moduleInfoAndMetaInfAgree(String folder) throws IOException {
    assertEquals(
        inModuleInfo(folder),
        inMetaInf(folder),
        "`provides` in module-info (left) and META-INF/services (right) of " + folder);
  }

  private static Map<String, String> inModuleInfo(String folder) throws IOException {
    SortedMap<String, String> result = new TreeMap<>();
    try (InputStream in =
        Files.newInputStream(Repository.classes(folder).resolve("module-info.class"))) {
      for (ModuleDescriptor.Provides provides : ModuleDescriptor.read(in).provides()) {
        result.put(provides.service(), provides.providers().stream().sorted().toList().toString());
      }
    }
    return result;
  }

  private static Map<String, String> inMetaInf(String folder) throws IOException {
    SortedMap<String, String> result = new TreeMap<>();
    Path services = Repository.classes(folder).resolve("META-INF", "services");
    if (Files.isDirectory(services)) {
      try (Stream<Path> files = Files.list(services)) {
        for (Path file : files.toList()) {
          var providers =
              Files.readAllLines(file).stream()
                  .map(line -> line.replaceFirst("#.*", "").strip())
                  .filter(line -> !line.isEmpty())
                  .sorted()
                  .toList();
          result.put(file.getFileName().toString(), providers.toString());
        }
      }
    }
    return result;
  }
}
