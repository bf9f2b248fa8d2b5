using System.Text;
using InferMesh.ServiceDefaults.Options;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>The process cannot start for a reason that its user can mend; its message is for people and needs no stack trace.</summary>
public sealed class StartupException : Exception
{
    /// <summary>Creates the exception for wrong settings.</summary>
    /// <param name="errors">Every wrong setting, at least one.</param>
    public StartupException(IReadOnlyCollection<SettingError> errors)
        : this(Compose(errors), ExitCodes.BadConfiguration)
    {
        Errors = errors;
    }

    /// <summary>Creates the exception for another reason.</summary>
    /// <param name="message">What is wrong and how to mend it, in one line or several.</param>
    /// <param name="exitCode">The exit code of the process.</param>
    public StartupException(string message, int exitCode)
        : base(message)
    {
        ExitCode = exitCode;
    }

    /// <summary>The wrong settings; empty when the reason is another.</summary>
    public IReadOnlyCollection<SettingError> Errors { get; } = [];

    /// <summary>The exit code of the process: see <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; }

    private static string Compose(IReadOnlyCollection<SettingError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        var text = new StringBuilder(errors.Count == 1 ? "1 setting is wrong:" : $"{errors.Count} settings are wrong:");
        foreach (var error in errors)
            text.Append(Environment.NewLine).Append("  ").Append(error);
        return text.ToString();
    }
}
