using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

namespace InferMesh.Tests.Unit.Adapters.Runtimes;

[TestClass]
public sealed class VllmConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeVllm();

    private protected override Figures Expected { get; } = new(3, 4, 0.25, 500, Ttft: true, Tpot: true, E2E: true, QueueTime: true);
}

[TestClass]
public sealed class SglangConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeSglang();

    private protected override Figures Expected { get; } = new(3, 4, 0.25, 500, Ttft: true, Tpot: true, E2E: true, QueueTime: true);
}

[TestClass]
public sealed class TritonConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeTriton();

    private protected override Figures Expected { get; } = new(3, 4, 0.25, null, Ttft: true, E2E: true, QueueTime: true);
}

[TestClass]
public sealed class TgiConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeTgi();

    private protected override Figures Expected { get; } = new(3, 4, null, 500, Tpot: true, E2E: true, QueueTime: true);
}

[TestClass]
public sealed class TorchServeConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeTorchServe();

    private protected override Figures Expected { get; } = new(null, 4, null, null, E2E: true, QueueTime: true);
}

[TestClass]
public sealed class TfServingConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeTfServing();

    private protected override Figures Expected { get; } = new(null, null, null, null, E2E: true);
}

[TestClass]
public sealed class OvmsConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeOvms();

    private protected override Figures Expected { get; } = new(3, 4, null, null, E2E: true, QueueTime: true);
}

[TestClass]
public sealed class LlamaCppConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeLlamaCpp();

    private protected override Figures Expected { get; } = new(3, 4, 0.25, 500, Tpot: true);
}

[TestClass]
public sealed class OpenAiConformanceTests : RuntimeConformanceTests
{
    private protected override FakeRuntime Runtime { get; } = new FakeOpenAi();

    private protected override Figures Expected { get; } = new(null, null, null, null);
}
