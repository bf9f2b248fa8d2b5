using System.Text;
using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Carries out commands as HTTP calls.</summary>
internal sealed class HttpRuntimeControl(RuntimeDialect dialect, RuntimeHttp http, RuntimeEndpoints endpoints, TimeSpan timeout, TimeProvider time) : IRuntimeControl
{
    private const int MaxAnswerBytes = 64 << 10;

    /// <summary>Some runtimes answer with a whole stack trace; its first words say enough.</summary>
    private const int MaxWords = 300;

    public string Runtime => dialect.Kind;

    public IReadOnlySet<RuntimeOperation> Operations { get; } = dialect.Operations.Keys.ToHashSet();

    public async Task<RuntimeControlResult> ExecuteAsync(RuntimeCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.Fault is { } fault)
            throw new ArgumentException(fault, nameof(command));
        if (!dialect.Operations.TryGetValue(command.Operation, out var calls))
            return new(RuntimeControlOutcome.Unsupported, $"{dialect.Kind} does not support {command.Operation}");
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        foreach (var call in calls(command))
        {
            var request = new RuntimeRequest(endpoints.At(call.Server, call.Path), call.Method, call.Json, MaxAnswerBytes, KeepFailure: true);
            var result = Result(command, await http.SendAsync(request, either.Token, cancellationToken));
            if (!result.Done)
                return result;
        }
        return new(RuntimeControlOutcome.Done, null);
    }

    private RuntimeControlResult Result(RuntimeCommand command, RuntimeResponse response)
    {
        var words = Words(response.Body, out var denied);
        if (response.Ok && !denied)
            return new(RuntimeControlOutcome.Done, null);
        var outcome = response.TimedOut ? RuntimeControlOutcome.TimedOut : response.Status == 0 ? RuntimeControlOutcome.Unreachable : RuntimeControlOutcome.Refused;
        var subject = command.Model.Length > 0 ? $" of '{command.Model}'" : "";
        var reason = response.Error ?? "answered that it failed";
        return new(outcome, $"{dialect.Kind}: {command.Operation}{subject} failed: {reason}{(words.Length > 0 ? ": " + words : "")}");
    }

    /// <summary>The runtime's own words, in one bounded line.</summary>
    /// <param name="body">Its answer.</param>
    /// <param name="denied">True when the answer says that it did not succeed, whatever its status.</param>
    private static string Words(byte[] body, out bool denied)
    {
        (denied, var message) = RuntimeJson.Read(body, "", root => ((bool, string?)?)(root.Flag("success") == false, Message(root)), out _) ?? (false, null);
        var text = (message ?? Encoding.UTF8.GetString(body)).ReplaceLineEndings(" ").Trim();
        var plain = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return plain.Length <= MaxWords ? plain : plain[..MaxWords] + "...";
    }

    /// <summary>Runtimes put their words under one of these keys, some of them one object deeper.</summary>
    private static string? Message(JsonElement root)
    {
        foreach (var key in new[] { "error", "error_message", "message", "detail", "status" })
        {
            if ((root.Text(key) ?? root.Get(key)?.Text("message")) is { } words)
                return words;
        }
        return null;
    }
}
