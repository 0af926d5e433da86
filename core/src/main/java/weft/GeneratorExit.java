package weft;

/// Thrown in the body of a [Generator] at the point where it stands when the generator is closed
/// before its end. The body cleans up and lets it pass.
public final class GeneratorExit extends Error {
  GeneratorExit() {}
}
