namespace InferMesh.Adapters.Runtimes;

/// <summary>Manages the models of one runtime over its own interfaces. Thread-safe.</summary>
public interface IRuntimeControl
{
    /// <summary>Kind of runtime, for example <c>vllm</c>.</summary>
    string Runtime { get; }

    /// <summary>What this kind of runtime can do. The server may still have it switched off, which is a refusal.</summary>
    IReadOnlySet<RuntimeOperation> Operations { get; }

    /// <summary>Carries out one command and waits for the runtime's answer. What the runtime cannot or will not do is a result: this does not throw for it.</summary>
    /// <param name="command">What to do.</param>
    /// <param name="cancellationToken">Stops waiting; the runtime may go on.</param>
    /// <exception cref="ArgumentException">The command lacks what its operation needs.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    Task<RuntimeControlResult> ExecuteAsync(RuntimeCommand command, CancellationToken cancellationToken);
}
