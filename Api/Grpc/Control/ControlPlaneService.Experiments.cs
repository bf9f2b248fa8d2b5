using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using ExperimentStage = InferMesh.Control.V1.ExperimentStage;
using SplitUnit = InferMesh.Control.V1.SplitUnit;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    private const int DefaultExperiments = 100;
    private const int MaxExperiments = 1000;

    [Needs(Permission.PoliciesWrite)]
    public override async Task<Experiment> CreateExperiment(CreateExperimentRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("name", request.Name);
        violations.Require(request.Spec is not null, "spec", "is required.");
        violations.Require(request.Spec is null || Enum.IsDefined<SplitUnit>(request.Spec.Unit), "spec.unit", "is no unit of a split.");
        violations.ThrowIfAny();

        var plan = ExperimentMapper.ToDomain(request.Spec!);
        return await WriteAsync(request.Name, context, (experiment, actor) => experiment.Create(plan, actor));
    }

    [Needs(Permission.PoliciesRead)]
    public override async Task<Experiment> GetExperiment(GetExperimentRequest request, ServerCallContext context)
    {
        CheckName("name", request.Name);
        return await ReadAsync(request.Name, context);
    }

    [Needs(Permission.PoliciesRead)]
    public override async Task<ListExperimentsResponse> ListExperiments(ListExperimentsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(Enum.IsDefined<ExperimentStage>(request.Stage), "stage", "is no stage of an experiment.");
        violations.Require(request.PageSize is >= 0 and <= MaxExperiments, "page_size", $"must be 1 to {MaxExperiments}, or 0 for {DefaultExperiments}.");
        violations.Require(PageToken.TryRead(request.PageToken, out var last), "page_token", "is none of this list.");
        violations.ThrowIfAny();

        var size = request.PageSize == 0 ? DefaultExperiments : request.PageSize;
        var listing = await calls.RetryAsync(grains => grains.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key).List(), context.CancellationToken);
        MeshExperiment[] found = [.. listing.Experiments.Where(e => (request.Stage == ExperimentStage.Unspecified || ExperimentMapper.Stage(e.Standing.Stage) == request.Stage) && string.CompareOrdinal(e.Name, last) > 0)];
        return new ListExperimentsResponse { Experiments = { found.Take(size).Select(ExperimentMapper.ToProto) }, NextPageToken = found.Length > size ? PageToken.Write(found[size - 1].Name) : "" };
    }

    [Needs(Permission.PoliciesWrite)]
    public override Task<Experiment> StopExperiment(StopExperimentRequest request, ServerCallContext context) =>
        ChangeAsync(request.Name, request.HasExpectedVersion ? request.ExpectedVersion : null, request.Reason, context, static (experiment, expected, reason, actor) => experiment.Stop(expected, reason, actor));

    [Needs(Permission.PoliciesWrite)]
    public override Task<Experiment> PromoteExperiment(PromoteExperimentRequest request, ServerCallContext context) =>
        ChangeAsync(request.Name, request.HasExpectedVersion ? request.ExpectedVersion : null, request.Reason, context, static (experiment, expected, reason, actor) => experiment.Promote(expected, reason, actor));

    [Needs(Permission.PoliciesWrite)]
    public override Task<Experiment> DemoteExperiment(DemoteExperimentRequest request, ServerCallContext context) =>
        ChangeAsync(request.Name, request.HasExpectedVersion ? request.ExpectedVersion : null, request.Reason, context, static (experiment, expected, reason, actor) => experiment.Demote(expected, reason, actor));

    [Needs(Permission.PoliciesWrite)]
    public override Task<Experiment> PauseExperiment(PauseExperimentRequest request, ServerCallContext context) =>
        ChangeAsync(request.Name, request.HasExpectedVersion ? request.ExpectedVersion : null, request.Reason, context, static (experiment, expected, reason, actor) => experiment.Pause(expected, reason, actor));

    [Needs(Permission.PoliciesWrite)]
    public override Task<Experiment> ResumeExperiment(ResumeExperimentRequest request, ServerCallContext context) =>
        ChangeAsync(request.Name, request.HasExpectedVersion ? request.ExpectedVersion : null, request.Reason, context, static (experiment, expected, reason, actor) => experiment.Resume(expected, reason, actor));

    [Needs(Permission.PoliciesWrite)]
    public override async Task<DeleteExperimentResponse> DeleteExperiment(DeleteExperimentRequest request, ServerCallContext context)
    {
        var expected = CheckDelete(request.Name, request.HasExpectedVersion, request.ExpectedVersion);
        var actor = context.Actor();
        Accept(await calls.OnceAsync(grains => grains.GetGrain<IExperimentGrain>(request.Name).Delete(expected, "", actor), context.CancellationToken), request.Name);
        return new DeleteExperimentResponse();
    }

    private async Task<Experiment> ChangeAsync(
        string name, long? version, string reason, ServerCallContext context, Func<IExperimentGrain, long, string, string, Task<ExperimentResult>> change)
    {
        var violations = new Violations();
        violations.Name("name", name);
        violations.OptionalText("reason", reason);
        CheckVersion(violations, version is not null, version ?? 0);
        violations.ThrowIfAny();
        return await WriteAsync(name, context, (experiment, actor) => change(experiment, version ?? PolicyVersions.Any, reason, actor));
    }

    private async Task<Experiment> WriteAsync(string name, ServerCallContext context, Func<IExperimentGrain, string, Task<ExperimentResult>> write)
    {
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => write(grains.GetGrain<IExperimentGrain>(name), actor), context.CancellationToken);
        Accept(result, name);
        return result.Report is { } report ? ExperimentMapper.ToProto(report) : await ReadAsync(name, context);
    }

    private async Task<Experiment> ReadAsync(string name, ServerCallContext context)
    {
        var report = await calls.RetryAsync(grains => grains.GetGrain<IExperimentGrain>(name).Read(), context.CancellationToken);
        return ExperimentMapper.ToProto(report ?? throw RpcErrors.NotFound("experiment", name));
    }

    /// <exception cref="RpcException">The call was refused.</exception>
    private static void Accept(ExperimentResult result, string name)
    {
        switch (result.Status)
        {
            case PolicyStatus.Accepted:
                return;
            case PolicyStatus.Conflict when result.Errors is [var error, ..]:
                throw RpcErrors.Precondition(new PreconditionFailure.Types.Violation { Type = "EXPERIMENT_STAGE", Subject = name, Description = error.Message });
            case PolicyStatus.Conflict:
                throw RpcErrors.Conflict("experiment", name, result.CurrentVersion);
            case PolicyStatus.Invalid:
                var violations = new Violations();
                // Strategy, parameters and fallback of an arm stand in its routing here.
                violations.Add(result.Errors.Select(static e => e.Field.StartsWith("arms[", StringComparison.Ordinal) && !e.Field.EndsWith(".name", StringComparison.Ordinal) && !e.Field.EndsWith(".weight", StringComparison.Ordinal)
                    ? e with { Field = e.Field.Replace("].", "].routing.", StringComparison.Ordinal) } : e), "spec.");
                violations.ThrowIfAny();
                break;
            default:
                break;
        }
        throw RpcErrors.NotFound("experiment", name);
    }
}
