using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>Submitting a training job.</summary>
internal static class JobSubmission
{
    private const string KeyHeader = "Idempotency-Key";
    private const string Example =
        """{"name":"llama-sft","tenant":"research","workers":4,"gpusPerWorker":8,"minWorkers":2,"maxWorkers":8,"parallelism":{"tensor":8},"gpuTypes":{"H100-80G":1,"A100-80G":0.5},"preferredDomain":"rack","checkpointTo":"s3://checkpoints/llama-sft","checkpointEverySeconds":600,"command":["python","train.py"],"environment":{"EPOCHS":"3"}}""";

    private static readonly QueryParameter DryRunParameter = new("dryRun", "True submits nothing and answers with what would become of the job.") { Type = QueryType.Flag };

    public static void MapJobSubmission(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/jobs", Submit).Needs(Permission.JobsWrite)
            .Describe("Jobs", "SubmitJob", "Submits a training job", """
                201 with the job, which waits for its turn and for room. With `Idempotency-Key` the call may be sent again: the same key and content
                answer 200 with the same job, the same key with other content 409; keys are the tenant's own. With `dryRun=true` nothing is submitted.
                """)
            .Accepts(Example).TakesHeader(KeyHeader, "1 to 255 printable ASCII characters that stand for this job of the tenant.").WithQuery(DryRunParameter)
            .Returns<JobView>(200, 201).OrReturns<JobPreviewView>().ReturnsEtag().Refuses(400, 409);

    private static async Task<IResult> Submit(JobBody body, HttpContext context, GrainCalls calls, OwnReader own, TimeProvider time)
    {
        var reader = new BodyReader();
        var spec = body.Read(reader);
        var caller = context.Caller();
        var owner = Ownership.Of(caller, body.Tenant ?? "", body.Project ?? "");
        if (owner.Refusal is { } foreign) return new ProblemResult(Problem.Forbidden(foreign));
        if (owner.Tenant.Length > 0) spec = spec with { Tenant = owner.Tenant, Project = owner.Project };
        var key = Key(context.Request, reader);
        var id = key is null ? JobIds.New(time.GetUtcNow()) : JobIds.Of(spec.Tenant, key);
        var dryRun = new QueryReader(context).Flag(DryRunParameter.Name) ?? false;
        if (dryRun || reader.Errors.Count > 0)
        {
            // What cannot be carried further is told together with what the grain finds in the rest.
            var errors = await calls.RetryAsync(g => g.GetGrain<IJobGrain>(id).Check(spec), context.RequestAborted);
            if (reader.Errors.Count + errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors.Concat(errors)));
            return TypedResults.Ok(JobPreviewView.Of(await own.PreviewAsync(caller, spec, context.RequestAborted)));
        }

        var actor = Actor.Of(context.Request).Name;
        // May be repeated: the id and the content are the same.
        var result = OwnReader.Shown(caller, await calls.RetryAsync(g => g.GetGrain<IJobGrain>(id).Submit(spec, actor), context.RequestAborted), id);
        if (result is not { Status: JobResultStatus.Accepted, Job: { } job }) return Refused(id, result);
        // An id that nobody else can have was made by this call, whichever attempt it was.
        var created = key is null || result.Created;
        context.Response.Headers.ETag = Etags.Of(job.Version);
        if (created) context.Response.Headers.Location = ApiV1.JobPath(id);
        return TypedResults.Json(JobView.Of(job), statusCode: created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static string? Key(HttpRequest request, BodyReader reader)
    {
        if (!request.Headers.TryGetValue(KeyHeader, out var values)) return null;
        var key = values.ToString();
        if (values.Count != 1 || !JobIds.IsKey(key)) reader.Refuse(KeyHeader, JobIds.KeyForm);
        return key;
    }

    private static ProblemResult Refused(string id, JobResult result) => new(result.Status switch
    {
        JobResultStatus.Conflict => Problem.Conflict($"The {KeyHeader} was used for job \"{id}\" with other content: {result.Reason()}"),
        _ => Problem.Invalid(result.Errors),
    });
}
