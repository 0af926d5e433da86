package weft.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/// Sizes in lines are ratchets. What is over a limit is listed in `tidy/sizes.txt` with its size,
/// and may only shrink: growth fails, and so does an entry that is no longer true.
class SizesTest {
  private static final int FILE_MAX = 800;
  private static final int METHOD_MAX = 60;
  private static final int MEDIAN_MAX = 150;
  private static final int NINETIETH_PERCENTILE_MAX = 400;
  private static final Path RATCHETS = Repository.ROOT.resolve("tidy", "sizes.txt");

  @Test
  void nothingIsLargerThanItMayBe() throws IOException {
    SortedMap<String, Integer> actual = tooLarge();
    if (Repository.WRITE) {
      write(actual);
    }
    Map<String, Integer> allowed = read();
    List<String> complaints = new ArrayList<>();
    actual.forEach(
        (what, lines) -> {
          Integer limit = allowed.get(what);
          if (limit == null) {
            complaints.add(what + " has " + lines + " lines: make it shorter");
          } else if (lines > limit) {
            complaints.add(what + " grew from " + limit + " to " + lines + " lines");
          } else if (lines < limit) {
            complaints.add(what + " shrank from " + limit + " to " + lines + " lines: note it");
          }
        });
    for (String what : allowed.keySet()) {
      if (!actual.containsKey(what)) {
        complaints.add(what + " is no longer too large: remove it");
      }
    }
    assertEquals(
        "",
        String.join("\n", complaints),
        "Sizes and tidy/sizes.txt disagree. " + Repository.HOW_TO_WRITE + " (sizes may only fall)");
  }

  /// What is over its limit, with its size.
  private static SortedMap<String, Integer> tooLarge() throws IOException {
    SortedMap<String, Integer> result = new TreeMap<>();
    List<Integer> published = new ArrayList<>();
    for (Path file : Repository.javaFiles()) {
      String source = Files.readString(Repository.ROOT.resolve(file));
      int lines = (int) source.lines().count();
      put(result, file.toString(), lines, FILE_MAX);
      if (file.startsWith(Path.of("core", "src", "main"))) {
        published.add(lines);
      }
    }
    published.sort(null);
    if (!published.isEmpty()) {
      put(result, "(median of core)", published.get(published.size() / 2), MEDIAN_MAX);
      int ninetieth = published.get(published.size() * 9 / 10);
      put(result, "(90th percentile of core)", ninetieth, NINETIETH_PERCENTILE_MAX);
    }
    methods().forEach((what, lines) -> put(result, what, lines, METHOD_MAX));
    return result;
  }

  private static void put(Map<String, Integer> result, String what, int lines, int limit) {
    if (lines > limit) {
      result.put(what, lines);
    }
  }

  /// The lines of every method from its head to its closing brace, without its comment. Of
  /// overloads with one name the longest counts.
  private static SortedMap<String, Integer> methods() throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    SortedMap<String, Integer> result = new TreeMap<>();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<Path> paths =
          Repository.javaFiles().stream().map(f -> Repository.ROOT.resolve(f)).toList();
      var task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(paths));
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      for (CompilationUnitTree unit : task.parse()) {
        new MethodScanner(unit, positions, result).scan(unit, null);
      }
    }
    return result;
  }

  private static final class MethodScanner extends TreePathScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private final Map<String, Integer> sizes;
    private final Path file;

    MethodScanner(CompilationUnitTree unit, SourcePositions positions, Map<String, Integer> sizes) {
      this.unit = unit;
      this.positions = positions;
      this.sizes = sizes;
      this.file = Repository.ROOT.relativize(Path.of(unit.getSourceFile().toUri()));
    }

    @Override
    public Void visitMethod(MethodTree method, Void nothing) {
      LineMap map = unit.getLineMap();
      long first = map.getLineNumber(positions.getStartPosition(unit, method));
      long last = map.getLineNumber(positions.getEndPosition(unit, method));
      String owner = ((ClassTree) getCurrentPath().getParentPath().getLeaf()).getSimpleName() + "";
      boolean constructor = method.getReturnType() == null;
      String name = file + " " + owner + (constructor ? "" : "." + method.getName());
      if (!method.getModifiers().getFlags().contains(Modifier.ABSTRACT)) {
        sizes.merge(name, (int) (last - first + 1), Math::max);
      }
      return super.visitMethod(method, nothing);
    }
  }

  private static void write(Map<String, Integer> sizes) throws IOException {
    List<String> lines = new ArrayList<>();
    sizes.forEach((what, size) -> lines.add(size + " " + what));
    Files.write(RATCHETS, lines);
  }

  private static Map<String, Integer> read() throws IOException {
    Map<String, Integer> result = new TreeMap<>();
    for (String line : Files.readAllLines(RATCHETS)) {
      int space = line.indexOf(' ');
      result.put(line.substring(space + 1), Integer.valueOf(line.substring(0, space)));
    }
    return result;
  }
}
