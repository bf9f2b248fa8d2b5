using InferMesh.AppHost.Tools;

namespace InferMesh.AppHost.Local;

/// <summary>Starts a program in a session of its own, out of reach of the terminal's Ctrl+C.</summary>
internal static class OwnSession
{
    // util-linux; it replaces itself by the program, so the process id stays the program's.
    private static readonly string? SetSid = OperatingSystem.IsLinux() ? PathExecutables.OfThisMachine().Find("setsid") : null;

    /// <summary>Where there is no setsid, Ctrl+C reaches all processes at once: they still end, though not tier by tier.</summary>
    public static (string File, IReadOnlyList<string> Arguments) Wrap(string file, IReadOnlyList<string> arguments) =>
        SetSid is null ? (file, arguments) : (SetSid, [file, .. arguments]);
}
