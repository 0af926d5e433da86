package weft.cli;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.CancelledError;
import weft.Task;

/// Lets Ctrl-C end an input that computes and never suspends.
///
/// A call of [#check] is woven into what is typed at the prompt, at the start of each method and
/// before each backward branch. It throws only in the task that is to stop: other tasks may be
/// running the same code.
public final class StopCheck {
  private static final ClassDesc SELF = StopCheck.class.describeConstable().orElseThrow();
  private static volatile @Nullable Task<?> stopping;

  private StopCheck() {}

  /// Called by the code of the snippets.
  public static void check() {
    Task<?> task = stopping;
    if (task != null && Task.current() == task) {
      stopping = null;
      throw new CancelledError("interrupted");
    }
  }

  static void stop(Task<?> task) {
    stopping = task;
  }

  static void clear() {
    stopping = null;
  }

  static byte[] weave(byte[] classFile, ClassLoader loader) {
    ClassFile tool =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    return tool.transformClass(
        tool.parse(classFile),
        ClassTransform.transformingMethodBodies(CodeTransform.ofStateful(Weaver::new)));
  }

  private static final class Weaver implements CodeTransform {
    private final Set<Label> passed = new HashSet<>();

    @Override
    public void atStart(CodeBuilder code) {
      call(code);
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      if (element instanceof LabelTarget target) {
        passed.add(target.label());
      } else if (element instanceof BranchInstruction branch && passed.contains(branch.target())) {
        call(code);
      }
      code.with(element);
    }

    private static void call(CodeBuilder code) {
      code.invokestatic(SELF, "check", ConstantDescs.MTD_void);
    }
  }
}
