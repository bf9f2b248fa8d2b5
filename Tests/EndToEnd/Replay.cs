using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd;

/// <summary><c>infermesh replay</c> as a process, and its report.</summary>
internal sealed class Replay : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _report = Path.Combine(Path.GetTempPath(), $"infermesh-replay-{Guid.NewGuid():N}.json");

    private Replay(Process process) => _process = process;

    public static Replay Start(MeshProcess mesh, string trace, string format, double speed, int seconds)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        var replay = new Replay(new() { StartInfo = start });
        string[] arguments =
        [
            Repository.Assembly("Cli", "InferMesh.Cli"), "replay", "--trace", trace, "--format", format, "--target", mesh.Api.BaseAddress!.ToString(),
            "--speed", speed.ToString(CultureInfo.InvariantCulture), "--duration", seconds.ToString(CultureInfo.InvariantCulture), "--output", replay._report,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        replay._process.Start();
        replay._process.BeginErrorReadLine();
        replay._process.BeginOutputReadLine();
        return replay;
    }

    /// <summary>The report, once the run has ended.</summary>
    public async Task<JsonElement> ReportAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync(new CancellationTokenSource(limit).Token);
        Assert.AreEqual(0, _process.ExitCode, "exit code of replay");
        return JsonDocument.Parse(await File.ReadAllTextAsync(_report)).RootElement;
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
        File.Delete(_report);
        return ValueTask.CompletedTask;
    }
}
