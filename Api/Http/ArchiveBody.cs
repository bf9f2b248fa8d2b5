using System.Reflection;

namespace InferMesh.Api.Http;

/// <summary>A zip archive that is the body of a request. Read here and not by the framework, whose choice by content type comes before the look at who calls.</summary>
/// <param name="Bytes">The archive.</param>
internal readonly record struct ArchiveBody(byte[] Bytes)
{
    public const string MediaType = "application/zip";

    public static async ValueTask<ArchiveBody> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var request = context.Request;
        if (request.ContentType?.Split(';')[0].Trim().Equals(MediaType, StringComparison.OrdinalIgnoreCase) != true)
            throw new BadHttpRequestException("The body is no archive.", StatusCodes.Status415UnsupportedMediaType);
        // How much may come is a limit of the endpoint, which the server keeps.
        using var bytes = new MemoryStream();
        await request.Body.CopyToAsync(bytes, context.RequestAborted);
        return new(bytes.ToArray());
    }
}
