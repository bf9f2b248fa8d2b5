using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Http;

/// <summary>Refuses parameters and headers that are wrong before the handler runs: a typing error must not pass as "no filter".</summary>
internal sealed class InputFilter : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        List<FieldError> errors = [.. new QueryReader(http).Errors];
        if (Actor.Of(http.Request).Error is { } error) errors.Add(error);
        return errors.Count == 0 ? next(context) : ValueTask.FromResult<object?>(new ProblemResult(Problem.Invalid(errors)));
    }
}
