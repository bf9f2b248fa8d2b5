using System.CommandLine;

namespace InferMesh.Cli.Operator.Backup;

/// <summary><c>infermesh backup</c>: everything that is stored of the mesh's objects, in one file. Exit codes: 0 done, 1 the mesh did not give it, 2 wrong command line.</summary>
internal static class BackupCommand
{
    private const int PageSize = 100;

    public static Command Create()
    {
        var output = new Option<string>("--output", "-o") { Description = "File to write; only its owner may read it, for it holds secrets of jobs and hashes of keys.", Required = true };
        return ApiCommand.Create("backup", "Save policies, endpoints, models, tenants, nodes, jobs, strategy plugins and API keys with versions and histories to a file.", [], RunAsync, output);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var path = call.Parsed.GetValue(output)!;
            var (takenAt, clusterId, serviceId) = (TimeProvider.System.GetUtcNow(), "", "");
            using var writer = BackupWriter.Create(path);
            call.Api.BePatient();
            var saved = call.Api.PagesAsync(
                FormattableString.Invariant($"/api/v1/backup?limit={PageSize}"), cancellationToken, page => (clusterId, serviceId) = (page.Text("clusterId"), page.Text("serviceId")));
            try
            {
                await foreach (var item in saved)
                    writer.Add(item);
                var header = writer.Complete(takenAt, clusterId, serviceId);
                await call.Output.WriteLineAsync($"{path}: {header.InWords}");
                return 0;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CommandFailedException($"cannot write '{path}': {exception.Message}");
            }
        }
    }
}
