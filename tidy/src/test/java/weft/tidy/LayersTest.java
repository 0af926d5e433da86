package weft.tidy;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Who may know whom, and which single file knows which dirty trick.
class LayersTest {
  private static final String[] OUTSIDE = {"java..", "javax..", "jdk..", "org.jspecify.."};

  /// The files that may ask for the time. Everything else asks the loop.
  private static final Set<String> CLOCKS =
      Set.of("weft.nio.SelectorDriver", "weft.linux.LinuxDriver");

  /// The files that may draw random numbers. A loop that is deterministic needs none.
  private static final Set<String> DICE = Set.of();

  private static final JavaClasses CORE =
      new ClassFileImporter().importPath(Repository.classes("core"));

  private static final JavaClasses LINUX =
      new ClassFileImporter().importPath(Repository.classes("linux"));

  private static final JavaClasses PUBLISHED =
      new ClassFileImporter()
          .importPaths(Repository.PUBLISHED.stream().map(Repository::classes).toList());

  @Test
  void spiKnowsNothingOfWeft() {
    knowsOnly("weft.spi").check(CORE);
  }

  @Test
  void nioKnowsOnlySpi() {
    knowsOnly("weft.nio", "weft.spi").check(CORE);
  }

  @Test
  void linuxKnowsOnlySpi() {
    knowsOnly("weft.linux", "weft.spi").check(LINUX);
  }

  @Test
  void weftKnowsOnlySpi() {
    knowsOnly("weft", "weft.spi", "sun.misc").check(CORE); // that in one file, see below
  }

  @Test
  void syncKnowsOnlyWeft() {
    knowsOnly("weft.sync", "weft").check(CORE);
  }

  @Test
  void ioKnowsOnlyWeftAndSync() {
    knowsOnly("weft.io", "weft", "weft.sync", "weft.spi").check(CORE);
  }

  @Test
  void aboveTheCoreOnlyPublicApiIsKnown() {
    noClasses()
        .that(resideInAnyPackage("weft.tck..", "weft.cli..", "weft.sync..", "weft.io.."))
        .should()
        .dependOnClassesThat(inCoreButNotPublic())
        .check(PUBLISHED);
  }

  @Test
  void packagesHaveNoCycle() {
    slices().matching("(**)").should().beFreeOfCycles().check(onlyOurs(PUBLISHED));
  }

  @Test
  void everyPackageIsNullMarked() throws IOException {
    Set<String> unmarked = new TreeSet<>();
    for (String folder : Repository.PUBLISHED) {
      Path sources = Repository.ROOT.resolve(folder, "src", "main", "java");
      for (Path file : Repository.javaFiles()) {
        Path absolute = Repository.ROOT.resolve(file);
        Path parent = absolute.getParent();
        if (absolute.startsWith(sources) && !parent.equals(sources)) {
          Path info = parent.resolve("package-info.java");
          if (!Files.exists(info) || !Files.readString(info).contains("NullMarked")) {
            unmarked.add(Repository.ROOT.relativize(info).toString());
          }
        }
      }
    }
    assertTrue(unmarked.isEmpty(), () -> "To be written, with @NullMarked: " + unmarked);
  }

  @Test
  void onlyNamedFilesAskForTheTime() {
    only(
        CLOCKS,
        access ->
            isCall(access, "java.lang.System", "nanoTime", "currentTimeMillis")
                || isCall(access, "java.time.Instant", "now")
                || isCall(access, "java.time.LocalDateTime", "now")
                || isCall(access, "java.time.ZonedDateTime", "now")
                || access.getTargetOwner().getName().equals("java.time.Clock"));
  }

  @Test
  void onlyNamedFilesDrawRandomNumbers() {
    Set<String> sources =
        Set.of(
            "java.util.Random",
            "java.util.SplittableRandom",
            "java.util.concurrent.ThreadLocalRandom",
            "java.security.SecureRandom");
    only(
        DICE,
        access ->
            isCall(access, "java.lang.Math", "random")
                || sources.contains(access.getTargetOwner().getName()));
  }

  @Test
  void atMostOneFileCallsNativeCode() {
    atMostOneFile(access -> access.getTargetOwner().getName().equals("java.lang.foreign.Linker"));
  }

  @Test
  void atMostOneFileKnowsSignals() {
    atMostOneFile(access -> access.getTargetOwner().getPackageName().equals("sun.misc"));
  }

  @Test
  void atMostOneFileReflectsIntoTheJdk() {
    atMostOneFile(
        access ->
            access.getName().equals("setAccessible")
                || access.getName().equals("trySetAccessible")
                || isCall(access, "java.lang.invoke.MethodHandles", "privateLookupIn"));
  }

  private static ArchRule knowsOnly(String layer, String... below) {
    String[] allowed =
        Stream.of(new String[] {layer}, below, OUTSIDE).flatMap(Stream::of).toArray(String[]::new);
    return classes()
        .that(resideInAnyPackage(layer))
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(allowed).or(isPrimitiveOrArray()))
        .allowEmptyShould(true);
  }

  private static DescribedPredicate<JavaClass> isPrimitiveOrArray() {
    return DescribedPredicate.describe(
        "are primitive", c -> c.isPrimitive() || c.getBaseComponentType().isPrimitive());
  }

  private static DescribedPredicate<JavaClass> inCoreButNotPublic() {
    return DescribedPredicate.describe(
        "belong to the inside of weft, weft.spi, weft.nio or weft.linux",
        c ->
            resideInAnyPackage("weft", "weft.spi", "weft.nio", "weft.linux").test(c)
                && !c.getModifiers()
                    .contains(com.tngtech.archunit.core.domain.JavaModifier.PUBLIC));
  }

  private static JavaClasses onlyOurs(JavaClasses classes) {
    return classes.that(resideInAnyPackage("weft.."));
  }

  private static boolean isCall(JavaAccess<?> access, String owner, String... names) {
    return access.getTargetOwner().getName().equals(owner)
        && List.of(names).contains(access.getName());
  }

  private static void only(Set<String> files, Predicate<JavaAccess<?>> trick) {
    Set<String> others = files(CORE, trick);
    others.addAll(files(LINUX, trick));
    others.removeAll(files);
    assertTrue(others.isEmpty(), () -> "Only " + files + " may do this, but so do " + others);
  }

  /// In each of the modules.
  private static void atMostOneFile(Predicate<JavaAccess<?>> trick) {
    for (JavaClasses module : List.of(CORE, LINUX)) {
      Set<String> files = files(module, trick);
      assertTrue(files.size() <= 1, () -> "One file knows this trick, but these do: " + files);
    }
  }

  /// The top-level classes of a module in which an access of this kind is found.
  private static Set<String> files(JavaClasses module, Predicate<JavaAccess<?>> trick) {
    Set<String> files = new TreeSet<>();
    for (JavaClass type : module.that(alwaysTrue())) {
      if (type.getAccessesFromSelf().stream().anyMatch(trick)) {
        files.add(type.getName().replaceFirst("\\$.*", ""));
      }
    }
    return files;
  }
}
