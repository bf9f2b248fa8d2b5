using System.CommandLine;
using System.Globalization;
using InferMesh.Simulator.Calibration;

namespace InferMesh.Cli.Sim;

/// <summary><c>infermesh sim calibrate</c>: compares the simulated engine with measurements.</summary>
internal static class CalibrateCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder with the measurements; the environment variable INFERMESH_DATA without it." }.NotEmpty();
        var command = new Command("calibrate", "Compare the simulated engine with recorded vLLM runs, measured points and a peer simulator.") { data };
        command.SetAction(parsed =>
        {
            var folder = parsed.GetValue(data) ?? Environment.GetEnvironmentVariable("INFERMESH_DATA");
            if (string.IsNullOrEmpty(folder) || !Directory.Exists(folder))
                throw new UsageException("--data must name the folder with the measurements");

            Write(ValidationReport.All(new CalibrationData(folder)), parsed.InvocationConfiguration.Output);
            return 0;
        });
        return command;
    }

    private static void Write(IEnumerable<ValidationRow> rows, TextWriter output)
    {
        output.WriteLine("| against | metric | theirs, ms | simulated, ms | error | 90 % of errors within | n |");
        output.WriteLine("|---|---|--:|--:|--:|--:|--:|");
        foreach (var row in rows)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Against} | {row.Metric} | {Milliseconds(row.Expected)} | {Milliseconds(row.Simulated)} | {row.Error:+0.0 %;-0.0 %} | {row.P90:0.0 %} | {row.Count} |"));
        }
    }

    private static string Milliseconds(double value) => double.IsNaN(value) ? "" : value.ToString("0.0", CultureInfo.InvariantCulture);
}
