package weft.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/// Whatever others can name has a doc comment. Doclint could ask for that, but only together with a
/// tag for each parameter and result, which repeat what the sentence says.
class DocsTest {
  @Test
  void whatIsPublicIsDocumented() throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    List<String> undocumented = new ArrayList<>();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<Path> paths =
          Repository.javaFiles().stream()
              .filter(DocsTest::isMainCodeOfALibrary)
              .map(file -> Repository.ROOT.resolve(file))
              .toList();
      var sources = files.getJavaFileObjectsFromPaths(paths);
      var task = (JavacTask) compiler.getTask(null, files, null, null, null, sources);
      for (CompilationUnitTree unit : task.parse()) {
        new Scanner(unit, DocTrees.instance(task), undocumented).scan(unit, null);
      }
    }
    assertEquals("", String.join("\n", undocumented), "These need a doc comment");
  }

  private static boolean isMainCodeOfALibrary(Path file) {
    return file.startsWith(Path.of("core", "src", "main"))
        || file.startsWith(Path.of("linux", "src", "main"))
        || file.startsWith(Path.of("tck", "src", "main"));
  }

  private static final class Scanner extends TreePathScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final DocTrees trees;
    private final List<String> undocumented;

    Scanner(CompilationUnitTree unit, DocTrees trees, List<String> undocumented) {
      this.unit = unit;
      this.trees = trees;
      this.undocumented = undocumented;
    }

    @Override
    public Void visitClass(ClassTree type, Void nothing) {
      if (!isVisible(type.getModifiers())) {
        return null;
      }
      check(type.getSimpleName().toString(), type);
      return super.visitClass(type, null);
    }

    /// Does not look inside: nobody can name what is there.
    @Override
    public Void visitMethod(MethodTree method, Void nothing) {
      boolean inherited =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
      if (!inherited && isVisible(method.getModifiers())) {
        check(method.getName().toString(), method);
      }
      return null;
    }

    @Override
    public Void visitVariable(VariableTree field, Void nothing) {
      if (isVisible(field.getModifiers())) {
        check(field.getName().toString(), field);
      }
      return null;
    }

    private boolean isVisible(ModifiersTree modifiers) {
      Tree owner = getCurrentPath().getParentPath().getLeaf();
      boolean inInterface =
          owner.getKind() == Tree.Kind.INTERFACE || owner.getKind() == Tree.Kind.ANNOTATION_TYPE;
      return modifiers.getFlags().contains(Modifier.PUBLIC)
          || modifiers.getFlags().contains(Modifier.PROTECTED)
          || (inInterface && !modifiers.getFlags().contains(Modifier.PRIVATE));
    }

    private void check(String name, Tree tree) {
      if (trees.getDocComment(getCurrentPath()) == null) {
        long start = trees.getSourcePositions().getStartPosition(unit, tree);
        long line = unit.getLineMap().getLineNumber(start);
        Path file = Repository.ROOT.relativize(Path.of(unit.getSourceFile().toUri()));
        undocumented.add(file + ":" + line + " " + name);
      }
    }
  }
}
